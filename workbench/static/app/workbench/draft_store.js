/**
 * Drafts: work that is saved nowhere, in this browser's own storage. Bounded; the oldest go first, and all after a week.
 *
 * @typedef {import("./saved.js").Saved} Saved
 * @typedef {{at: number, open: Saved | null, content: any}} Draft `open`: the saved prompt that it changes
 */

import { isObject } from "./file_checks.js";

const PREFIX = "workbench.draft.";
/** Of one user; and of one draft, in characters: a browser gives some five million, and takes 50 ms to write a million. */
const MOST_DRAFTS = 3;
const MOST_CHARACTERS = 1_000_000;
const DAYS = 7;
const DAY_MS = 86_400_000;

export class DraftStore {
  /** @param {string} user @param {Storage} [storage] */
  constructor(user, storage = localStorage) {
    this._mine = `${PREFIX}${user}.`;
    this._storage = storage;
  }

  /** @param {string} slot @param {Draft} draft @returns {boolean} whether it is kept: without log probabilities where all is too much */
  keep(slot, draft) {
    const texts = [() => JSON.stringify(draft), () => JSON.stringify({ ...draft, content: bare(draft.content) })];
    return texts.some((text) => this._put(slot, text()));
  }

  /** @param {string} slot @returns {Draft | null} */
  read(slot) {
    try {
      const draft = JSON.parse(this._storage.getItem(this._mine + slot) ?? "null");
      return isObject(draft) && typeof draft.at === "number" && isObject(draft.content) ? /** @type {Draft} */ (draft) : null;
    } catch {
      return null;
    }
  }

  /** The slots that hold something, the newest first. @returns {string[]} */
  slots() {
    const keys = this._keys(this._mine).map((key) => /** @type {[string, number]} */ ([key, atOf(this._storage.getItem(key))]));
    return keys.sort((one, other) => other[1] - one[1]).map(([key]) => key.slice(this._mine.length));
  }

  /** @param {string} slot */
  drop(slot) {
    this._storage.removeItem(this._mine + slot);
  }

  /** Drops what is old, whoever's it is, what is damaged, and what is too many. @param {number} now @param {(slot: string) => boolean} inUse */
  tidy(now, inUse) {
    for (const key of this._keys(PREFIX)) if (!(now - atOf(this._storage.getItem(key)) < DAYS * DAY_MS)) this._storage.removeItem(key);
    const idle = this.slots().filter((slot) => !inUse(slot));
    for (const slot of idle.slice(MOST_DRAFTS)) this.drop(slot);
  }

  /** @param {string} slot @param {string} text */
  _put(slot, text) {
    if (text.length > MOST_CHARACTERS) return false;
    const others = this.slots().filter((each) => each !== slot).reverse();
    for (const oldest of [null, ...others]) {
      if (oldest !== null) this.drop(oldest);
      try {
        this._storage.setItem(this._mine + slot, text);
        return true;
      } catch {
        // full: the next one goes
      }
    }
    return false;
  }

  /** @param {string} prefix */
  _keys(prefix) {
    return Array.from({ length: this._storage.length }, (_, index) => this._storage.key(index) ?? "").filter((key) => key.startsWith(prefix));
  }
}

/** @param {string | null} text */
function atOf(text) {
  const [, at] = /^\{"at":(\d{1,16}),/.exec(text ?? "") ?? [];
  return at === undefined ? Number.NaN : Number(at);
}

/** Texts, ids and branches alone. @param {any} content */
function bare(content) {
  const nodes = content.tree.nodes.map((/** @type {any} */ node) => ({ ...node, pieces: node.pieces.map((/** @type {any} */ { lens, ...piece }) => piece) }));
  return { ...content, spellings: [], tree: { ...content.tree, nodes } };
}
