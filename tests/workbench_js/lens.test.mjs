import assert from "node:assert/strict";
import { test } from "node:test";

import { compared, leaning } from "../../workbench/static/app/workbench/compare.js";
import { atMost, branches, followed } from "../../workbench/static/app/workbench/explore.js";
import { groupOf, meanLens } from "../../workbench/static/app/workbench/grain.js";
import * as lens from "../../workbench/static/app/workbench/lens.js";
import { sampled } from "../../workbench/static/app/workbench/sampler.js";
import { byteLevel, escaped, hexOf, spell, visible } from "../../workbench/static/app/workbench/spelling.js";
import { doc, raw, seen } from "./pieces.mjs";

const HALF = Math.log(0.5);
const even = { logprob: HALF, rank: 1, model: "pico", top: /** @type {[number, number][]} */ ([[1, HALF], [2, Math.log(0.25)]]) };
const close = (/** @type {number} */ one, /** @type {number} */ other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test("surprisal is in bits, others are what is not shown, and entropy counts them as one", () => {
  close(lens.bits(HALF), 1);
  close(lens.others(even), 0.25);
  close(lens.entropy(even), 1.5);
  close(lens.behind({ ...even, logprob: Math.log(0.125) }), 2);
});

test("a shade grows with surprise, and what is impossible is the last", () => {
  assert.equal(lens.shade("surprisal", { ...even, logprob: 0 }), 0);
  assert.equal(lens.shade("surprisal", { ...even, logprob: -9999 }), lens.SHADES - 1);
  assert.equal(lens.shade("rank", { ...even, rank: 4 }), 2);
  assert.equal(lens.shade("off", even), null);
  assert.equal(lens.shade("surprisal", null), null);
});

test("sums over a span, and how many of its tokens have none", () => {
  const sums = lens.sums(doc(seen(1, "ab", HALF), seen(2, "é", HALF), raw("x")), 0, 3);
  assert.deepEqual([sums.tokens, sums.bytes, sums.unknown], [2, 4, 1]);
  close(sums.perplexity ?? 0, 2);
  close(sums.bitsPerByte ?? 0, 0.5);
});

test("an empty span has no mean", () => {
  assert.equal(lens.sums(doc(), 0, 0).perplexity, null);
});

test("the most surprising come first", () => {
  assert.deepEqual(lens.surprises(doc(seen(1, "a", -1), seen(2, "b", -5), seen(3, "c", -3)), 2).map(({ index }) => index), [1, 2]);
});

test("the sampler cuts by rank, mass and share, and what is left adds up to one", () => {
  const top = /** @type {[number, number][]} */ ([0.5, 0.3, 0.2].map((share, id) => [id, Math.log(share)]));
  const after = (/** @type {object} */ sampling) => sampled(top, sampling).map((row) => Math.round(row.after * 1000) / 1000);
  assert.deepEqual(after({}), [0.5, 0.3, 0.2]);
  assert.deepEqual(after({ top_k: 1 }), [1, 0, 0]);
  assert.deepEqual(after({ top_p: 0.6 }), [0.625, 0.375, 0]);
  assert.deepEqual(after({ min_p: 0.5 }), [0.625, 0.375, 0]);
  assert.deepEqual(after({ temperature: 0 }), [1, 0, 0]);
  assert.deepEqual(after({ temperature: 0, logit_bias: { 2: 5 } }), [0, 0, 1]);
});

test("two readings are compared between the borders that both have", () => {
  const one = doc(seen(1, "ab", -1), seen(2, "cd", -2));
  const other = doc(seen(7, "a", -1), seen(8, "b", -1), seen(9, "cd", -4));
  assert.deepEqual(compared(one, other), [{ text: "ab", one: -1, other: -2 }, { text: "cd", one: -2, other: -4 }]);
  assert.ok(leaning({ text: "", one: -2, other: -4 }) < 0);
  assert.equal(leaning({ text: "", one: null, other: -4 }), 0);
});

test("a tree of continuations follows what is likely and short", () => {
  const limits = { width: 2, depth: 2, cut: 0.3 };
  const [likely, rare] = branches({ ids: [], logprob: 0, total: 0 }, [[1, HALF], [2, Math.log(0.25)], [3, -9]], limits);
  assert.equal(followed(/** @type {any} */ (likely), limits), true);
  assert.equal(followed(/** @type {any} */ (rare), limits), false);
  assert.equal(atMost(limits), 3);
});

test("nothing in a token hides or turns the text around it", () => {
  assert.equal(visible(" a\n\u202e\u200b\u{e0041}"), "␣a↵⟨U+202E⟩⟨U+200B⟩⟨U+E0041⟩");
  assert.equal(escaped("\u0000"), "␀");
  assert.equal(visible("bytes:\\xe2\\x96"), "\\xe2\\x96");
  assert.equal(visible("x".repeat(99), 5), "xxxxx…");
});

test("bytes are spelt as the service does", () => {
  assert.equal(spell(Uint8Array.of(0xe2, 0x96)), "bytes:\\xe2\\x96");
  assert.equal(hexOf("é"), "c3 a9");
  assert.deepEqual([...(byteLevel("Ġa") ?? [])], [32, 97]);
  assert.equal(byteLevel("▁a"), null);
});

test("words and lines are shaded as one, by the mean of their tokens", () => {
  const document = doc(seen(1, "un", -1), seen(2, "likely", -3), seen(3, " so", -1), raw("\n"), seen(4, "x", -1));
  assert.deepEqual(groupOf(document, 1, "word"), [0, 2]);
  assert.deepEqual(groupOf(document, 2, "word"), [2, 3]);
  assert.deepEqual(groupOf(document, 0, "line"), [0, 4]);
  assert.deepEqual(groupOf(document, 0, "token"), [0, 1]);
  assert.equal(meanLens(document, 0, 2)?.logprob, -2);
  assert.equal(meanLens(document, 3, 4), null);
});
