import assert from "node:assert/strict";
import { test } from "node:test";

import { Document } from "../../workbench/static/app/workbench/document.js";
import { edited, splitAt, tokenized, untokenized } from "../../workbench/static/app/workbench/edits.js";
import { aligned } from "../../workbench/static/app/workbench/tokens.js";
import { doc, emoji, raw, seen, shape, t } from "./pieces.mjs";

test("an edit inside a token costs only that token its id", () => {
  const after = edited(doc(t(1, "one"), t(2, " two"), t(3, " three")), 5, 6, "W"); // " two" becomes " tWo"
  assert.deepEqual(shape(after), [1, " tWo", 3]);
  assert.equal(after.text, "one tWo three");
});

test("an insertion between two tokens costs neither its id", () => {
  const after = edited(doc(t(1, "one"), t(2, " two")), 3, 3, "!");
  assert.deepEqual(shape(after), [1, "!", 2]);
});

test("what stands after an edit has a lens that no longer holds", () => {
  const after = edited(doc(seen(1, "one", -1), seen(2, " two", -1), seen(3, " three", -1)), 3, 3, "!");
  assert.equal(after.lens(0)?.logprob, -1);
  assert.equal(after.lens(2), null);
});

test("typing goes on in the same piece", () => {
  let document = new Document();
  for (const letter of "word") document = edited(document, document.length, document.length, letter);
  assert.deepEqual(shape(document), ["word"]);
});

test("a character that is spread over tokens goes as a whole", () => {
  const after = edited(emoji(), 2, 4, "");
  assert.deepEqual(shape(after), [0, 1, 4]);
  assert.equal(after.text, "a  b");
});

test("what is typed before a split character leaves all of its tokens", () => {
  assert.deepEqual(shape(edited(emoji(), 2, 2, "x")), [0, 1, "x", 2, 3, 4]);
});

test("what is typed at the start stands after the BOS", () => {
  assert.deepEqual(shape(edited(emoji(), 0, 0, "x")), [0, "x", 1, 2, 3, 4]);
});

test("a prompt is the exact ids, without the tokens that ended a run", () => {
  const document = doc(t(1, "a"), t(9, "", { special: true, end: true }), t(2, "b"));
  assert.deepEqual(document.promptIds, [1, 2]);
  assert.deepEqual(document.promptPieces, [0, 2]);
});

test("a caret inside a token cuts it into text on both sides", () => {
  const [before, after] = splitAt(doc(t(1, "one"), t(2, " two")), 5);
  assert.deepEqual(shape(before), [1, " t"]);
  assert.deepEqual(shape(after), ["wo"]);
});

test("a caret between tokens cuts none", () => {
  const [before, after] = splitAt(emoji(), 2);
  assert.deepEqual([shape(before), shape(after)], [[0, 1], [2, 3, 4]]);
});

test("what was typed is cut into tokens together with what was typed around it", () => {
  const document = doc(t(1, "model"), { ...t(2, " ty"), by: "you" }, raw("ped"), t(3, "!"));
  assert.deepEqual(untokenized(document), [{ from: 1, to: 3, text: " typed", first: false }]);
});

test("tokens that stay what they were keep their lens", () => {
  const old = { ...seen(1, "a", -2), by: "you" };
  const document = doc(old, raw("b"));
  const after = tokenized(document, { from: 0, to: 2, text: "ab", first: true }, [{ id: 1, text: "a", by: "you" }, { id: 2, text: "b", by: "you" }]);
  assert.equal(after.lens(0)?.logprob, -2);
  assert.deepEqual(shape(after), [1, 2]);
});

test("byte-level names give each token its bytes, and a split character to the last of its tokens", () => {
  const pieces = aligned("a 🙂", [0, 5, 6, 7], ["<s>", "aĠ", "ðŁ", "ĻĤ"]);
  assert.deepEqual(pieces.map((piece) => piece.text), ["", "a ", "", "🙂"]);
  assert.deepEqual(pieces.map((piece) => Boolean(piece.part)), [false, false, true, false]);
  assert.equal(pieces[0]?.special, true);
});

test("SentencePiece names are understood too", () => {
  assert.deepEqual(aligned(" a b", [1, 2], ["▁a", "▁b"]).map((piece) => piece.text), [" a", " b"]);
});

test("a special token that stands in the text is that text", () => {
  assert.deepEqual(aligned("x<s>", [1, 0], ["x", "<s>"]).map((piece) => piece.text), ["x", "<s>"]);
});

test("text that the tokenizer changes keeps its ids as a whole", () => {
  const pieces = aligned("ﬁ", [8, 9], ["f", "i"]);
  assert.deepEqual(pieces, [{ id: null, text: "ﬁ", by: "you", ids: [8, 9] }]);
  assert.deepEqual(new Document(pieces).promptIds, [8, 9]);
});

test("the piece at an offset is the one that carries it", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 6].map((at) => emoji().indexAt(at)), [1, 1, 3, 3, 4, 5]);
});
