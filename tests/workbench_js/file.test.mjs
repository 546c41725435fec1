import assert from "node:assert/strict";
import { test } from "node:test";

import { BadFile, plain } from "../../workbench/static/app/workbench/file_checks.js";
import { content, open, parsed } from "../../workbench/static/app/workbench/file.js";
import { settingsFrom } from "../../workbench/static/app/workbench/file_settings.js";
import { openLoom } from "../../workbench/static/app/workbench/open_loom.js";
import * as state from "../../workbench/static/app/workbench/state.js";
import * as trees from "../../workbench/static/app/workbench/tree.js";
import { treeFromJson, treeToJson } from "../../workbench/static/app/workbench/tree_file.js";
import { doc, emoji, seen, shape, t } from "./pieces.mjs";

const MADE = { model: "pico", body: { max_tokens: 2, stop: ["\n"] }, seed: 5, requestId: "req-1", at: "2026-11-23T08:00:00.000Z", fingerprint: "fp", finish: "stop" };
const typed = trees.adopt(trees.emptyTree(), doc(t(1, "one", { by: "you" })));
const grown = trees.grown(typed, typed.here, [[seen(2, " two", -0.5, [[2, -0.5], [3, -1.5]])], [t(4, " four")]], MADE);

/** @param {any} json */
const copy = (json) => JSON.parse(JSON.stringify(json));
/** A tree's JSON, with something wrong. @param {(json: any) => void} harm */
const harmed = (harm) => {
  const json = copy(treeToJson(grown));
  harm(json);
  return json;
};

/** @type {Record<string, (json: any) => void>} */
const HARMS = {
  "no list of nodes": (json) => (json.nodes = { 0: {} }),
  "a number as an id": (json) => (json.nodes[0].id = 0),
  "an id of the language": (json) => (json.here = "__proto__"),
  "a place that is not there": (json) => (json.here = "constructor"),
  "two nodes with one id": (json) => json.nodes.push(json.nodes[1]),
  "a child of two": (json) => json.nodes[2].children.push("3"),
  "a ring": (json) => json.nodes[2].children.push("0"),
  "no last number": (json) => delete json.last,
  "a last number that is taken": (json) => (json.last = 1),
  "ids that are no list": (json) => (json.nodes[1].pieces[0].ids = { every: 1 }),
  "an id below nothing": (json) => (json.nodes[1].pieces[0].id = -1),
  "an id that is half": (json) => (json.nodes[1].pieces[0].id = 1.5),
  "a text that is none": (json) => (json.nodes[1].pieces[0].text = ["<b>"]),
  "somebody else's token": (json) => (json.nodes[1].pieces[0].by = "them"),
  "a log probability above nothing": (json) => (json.nodes[2].pieces[0].lens.top[0][1] = 5),
  "a log probability that is a text": (json) => (json.nodes[2].pieces[0].lens.logprob = "-1"),
  "alternatives that are none": (json) => (json.nodes[2].pieces[0].lens.top = { length: 1 }),
  "very many alternatives": (json) => (json.nodes[2].pieces[0].lens.top = Array(2000).fill([1, -1])),
  "a run that is a text": (json) => (json.nodes[2].made = "pico"),
  "a model that is an element": (json) => (json.nodes[2].made.model = { type: "script", props: {} }),
  "parameters that nest deep": (json) => (json.nodes[2].made.body = { a: { b: { c: { d: { e: 1 } } } } }),
  "parameters that are long": (json) => (json.nodes[2].made.body = { stop: "x".repeat(100_000) }),
  "very many branches": (json) => (json.nodes = Array(20_001).fill(json.nodes[0])),
  "very many tokens": (json) => (json.nodes[1].pieces = Array(500_001).fill(json.nodes[1].pieces[0])),
};

for (const [what, harm] of Object.entries(HARMS)) {
  test(`a file with ${what} is refused with a sentence`, () => {
    assert.throws(() => treeFromJson(harmed(harm)), (error) => error instanceof BadFile && /^[A-Z].*\.$/.test(error.message));
  });
}

test("a tree comes back with its runs and its log probabilities", () => {
  const back = treeFromJson(copy(treeToJson(grown)));
  assert.deepEqual(shape(trees.documentAt(back, back.here, "pico")), [1, 2]);
  assert.deepEqual(trees.nodeOf(back, back.here).made, MADE);
  assert.deepEqual(trees.documentAt(back, back.here, "pico").lens(1), { logprob: -0.5, rank: 1, top: [[2, -0.5], [3, -1.5]], model: "pico" });
});

test("a split character comes back token by token", () => {
  const tree = trees.marked(trees.adopt(trees.emptyTree(), emoji()), "1");
  const back = treeFromJson(copy(treeToJson(tree)));
  assert.deepEqual(trees.documentAt(back, back.here, "pico").pieces, emoji().pieces);
  assert.equal(trees.nodeOf(back, "1").marked, true);
});

test("what is deep, long or no JSON is refused before it is looked into", () => {
  assert.throws(() => parsed("{"), BadFile);
  assert.throws(() => parsed("[".repeat(1_000_000)), BadFile);
  assert.equal(plain({ a: [{ b: [1] }] }), true);
  let deep = {};
  for (let level = 0; level < 100_000; level++) deep = { deep };
  assert.equal(plain(deep), false);
});

const FIELD = { rule: "a number", default: null, only: null, least: 0, most: 2, above: null, below: null, count: 2 };
const FIELDS = /** @type {any[]} */ ([
  { ...FIELD, name: "temperature", kind: "number" },
  { ...FIELD, name: "max_tokens", kind: "integer", most: 100 },
  { ...FIELD, name: "stop", kind: "texts" },
  { ...FIELD, name: "ignore_eos", kind: "boolean" },
  { ...FIELD, name: "stop_token_ids", kind: "ids" },
  { ...FIELD, name: "logit_bias", kind: "bias" },
]);

test("parameters that the service takes are taken, and all others are named", () => {
  const good = { temperature: 0.5, max_tokens: 10, stop: ["\n"], ignore_eos: true, stop_token_ids: [5, 6], logit_bias: { 5: -100 } };
  const { apply, left } = settingsFrom({ values: good, seed: 7, pinned: true, likeliest: 20, mode: "rank", grain: "word" }, FIELDS);
  apply();
  assert.deepEqual(left, []);
  assert.deepEqual(state.values.value, good);
  assert.deepEqual([state.seed.value, state.pinned.value, state.likeliest.value, state.mode.value, state.grain.value], [7, true, 20, "rank", "word"]);
});

test("no file can say what is sent, or to which model", () => {
  const values = { prompt: "evil", model: "other", stream: false, __proto__x: 1, temperature: 9, max_tokens: "5", stop: [""], ignore_eos: 1, stop_token_ids: [1, 2, 3], logit_bias: { 5: 200 } };
  const { apply, left } = settingsFrom({ values, seed: "x", likeliest: 1e9, mode: "evil", grain: {} }, FIELDS);
  apply();
  assert.deepEqual(state.values.value, {});
  assert.equal(left.length, 10);
  assert.equal(state.likeliest.value, 1000);
  assert.equal(state.grain.value, "word");
  for (const bad of [null, [], { values: [] }, { values: null }]) assert.throws(() => settingsFrom(bad, FIELDS), BadFile);
});

test("a content that is not the Workbench's, or of a later version, changes nothing", () => {
  const good = copy(content());
  const before = state.tree.value;
  for (const json of [null, [], "text", {}, { ...good, format: "other" }, { ...good, version: 2 }, { ...good, text: 5 }, { ...good, tree: null }, { ...good, spellings: [[-1, "x"]] }, { ...good, settings: null }, { ...good, model: {} }]) {
    assert.throws(() => open(json), BadFile);
  }
  assert.equal(state.tree.value, before);
});

test("another loom gets every branch, who wrote it, and where the reader was", () => {
  const loom = openLoom(trees.marked(grown, "2"), { id: "tree", title: "a tree", at: "2026-11-23T09:00:00.000Z" });
  assert.deepEqual([loom.rootNodeId, loom.currentNodeId, loom.title, loom.systemMessage], ["0", "2", "a tree", ""]);
  assert.deepEqual(Object.keys(loom.bookmarkedNodes), ["2"]);
  assert.deepEqual(loom.nodes["1"], { id: "1", text: "one", author: "user", modelId: "user", createdTime: "2026-11-23T09:00:00.000Z", parentId: "0", childrenIds: ["2", "3"], rememberedChildId: "2" });
  assert.deepEqual([loom.nodes["3"]?.text, loom.nodes["3"]?.author, loom.nodes["3"]?.modelId, loom.nodes["3"]?.createdTime], [" four", "assistant", "pico", MADE.at]);
});
