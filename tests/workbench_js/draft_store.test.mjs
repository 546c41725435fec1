import assert from "node:assert/strict";
import { test } from "node:test";

import { DraftStore } from "../../workbench/static/app/workbench/draft_store.js";

/** A browser's storage that holds so many characters. */
class Room {
  /** @param {number} most */
  constructor(most = 5_000_000) {
    this.most = most;
    /** @type {Map<string, string>} */
    this.held = new Map();
  }

  get length() {
    return this.held.size;
  }

  /** @param {number} index */
  key(index) {
    return [...this.held.keys()][index] ?? null;
  }

  /** @param {string} name */
  getItem(name) {
    return this.held.get(name) ?? null;
  }

  /** @param {string} name @param {string} text */
  setItem(name, text) {
    const others = [...this.held].reduce((sum, [key, value]) => sum + (key === name ? 0 : value.length), 0);
    if (others + text.length > this.most) throw new DOMException("full", "QuotaExceededError");
    this.held.set(name, text);
  }

  /** @param {string} name */
  removeItem(name) {
    this.held.delete(name);
  }
}

/** @param {number} at @param {number} [alternatives] */
const draft = (at, alternatives = 1) => ({ at, open: null, content: { text: "a", spellings: [], tree: { nodes: [{ id: "0", pieces: [{ id: 1, text: "a", by: "you", lens: { top: Array(alternatives).fill([1, -1]) } }] }] } } });
/** @param {any} room */
const storeIn = (room, user = "ada") => new DraftStore(user, room);

test("a draft comes back, the newest first, and to nobody else", () => {
  const room = new Room();
  const store = storeIn(room);
  store.keep("one", draft(1));
  store.keep("two", draft(2));
  assert.deepEqual(store.slots(), ["two", "one"]);
  assert.deepEqual(store.read("two"), draft(2));
  assert.deepEqual(storeIn(room, "eve").slots(), []);
});

test("what is too large is kept without its log probabilities", () => {
  const store = storeIn(new Room());
  assert.equal(store.keep("one", draft(1, 400_000)), true);
  assert.equal(store.read("one")?.content.tree.nodes[0].pieces[0].lens, undefined);
  assert.equal(store.read("one")?.content.text, "a");
});

test("where there is no room the oldest goes, and at last it is told", () => {
  const one = JSON.stringify(draft(1)).length;
  const store = storeIn(new Room(2 * one + 10));
  for (const at of [1, 2, 3]) assert.equal(store.keep(String(at), draft(at)), true);
  assert.deepEqual(store.slots(), ["3", "2"]);
  assert.equal(storeIn(new Room(10)).keep("one", draft(1)), false);
});

test("what is old, damaged or too many is dropped, whoever's it is", () => {
  const room = new Room();
  const [now, day] = [1e12, 86_400_000];
  const store = storeIn(room);
  storeIn(room, "eve").keep("old", draft(now - 8 * day));
  room.setItem("workbench.draft.eve.bad", "{");
  room.setItem("theme", "dark");
  for (let each = 0; each < 6; each++) store.keep(String(each), draft(now - each));
  store.tidy(now, (slot) => slot === "5");
  assert.deepEqual(store.slots(), ["0", "1", "2", "5"]);
  assert.equal(room.length, 5);
});

test("what somebody else wrote there is no draft", () => {
  const room = new Room();
  for (const text of ["null", "[]", '{"at":"x"}', '{"at":1,"content":5}', "{"]) {
    room.setItem("workbench.draft.ada.one", text);
    assert.equal(storeIn(room).read("one"), null);
  }
});
