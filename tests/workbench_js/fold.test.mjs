import assert from "node:assert/strict";
import { test } from "node:test";

import { Document } from "../../workbench/static/app/workbench/document.js";
import { Choice, withRows } from "../../workbench/static/app/workbench/fold.js";
import { Vocabulary } from "../../workbench/static/app/workbench/vocabulary.js";
import { t } from "./pieces.mjs";

/** @param {string} text @param {[number, string, number][]} tokens id, spelling, offset @param {object} [more] */
function chunk(text, tokens, more = {}) {
  const logprobs = {
    tokens: tokens.map(([, spelled]) => spelled),
    token_ids: tokens.map(([id]) => id),
    text_offset: tokens.map(([, , offset]) => offset),
    token_logprobs: tokens.map(() => -1),
    token_ranks: tokens.map(() => 1),
    top_token_ids: tokens.map(([id]) => [[id, -1]]),
    top_logprobs: tokens.map(([, spelled]) => ({ [spelled]: -1 })),
    requested: null,
  };
  return { text, logprobs, finish_reason: null, stop_reason: null, ...more };
}

/** @param {object[]} chunks */
function folded(chunks) {
  const choice = new Choice(new Vocabulary(), "pico");
  for (const each of chunks) choice.feed(each);
  return choice;
}

test("each token has the text between its offset and the next", () => {
  const { settled } = folded([chunk(" a", [[1, " a", 0]]), chunk(" b", [[2, " b", 2]]), chunk(" c", [[3, " c", 4]])]);
  assert.deepEqual(settled.map((piece) => [piece.id, piece.text]), [[1, " a"], [2, " b"]]);
});

test("offsets count characters, not halves of them", () => {
  const pieces = folded([chunk("🙂", [[1, "🙂", 0]]), chunk("a", [[2, "a", 1]])]).pieces();
  assert.deepEqual(pieces.map((piece) => piece.text), ["🙂", "a"]);
});

test("a character spread over tokens is carried by the last", () => {
  const parts = [chunk("", [[1, "bytes:\\xf0\\x9f", 0]]), chunk("🙂", [[2, "bytes:\\x99\\x82", 0]]), chunk("!", [[3, "!", 1]])];
  const pieces = folded(parts).pieces();
  assert.deepEqual(pieces.map((piece) => [piece.text, Boolean(piece.part)]), [["", true], ["🙂", false], ["!", false]]);
});

test("an unfinished character at the end stays exact in ids", () => {
  const pieces = folded([chunk("a", [[1, "a", 0]]), chunk("", [[2, "bytes:\\xf0", 1]]), chunk("", [], { finish_reason: "length" })]).pieces();
  assert.deepEqual(new Document(pieces).promptIds, [1, 2]);
  assert.equal(new Document(pieces).text, "a");
});

test("text that is held back is given to its tokens when it comes", () => {
  const pieces = folded([chunk("", [[1, "E", 0]]), chunk("", [[2, "N", 1]]), chunk("ENX", [[3, "X", 2]])]).pieces();
  assert.deepEqual(pieces.map((piece) => piece.text), ["E", "N", "X"]);
});

test("the tokens of a stop string are no part of a later prompt, and a token it cuts becomes text", () => {
  const choice = folded([chunk("a.", [[1, "a", 0], [2, ".EN", 1], [3, "D", 2]], { finish_reason: "stop", stop_reason: "END" })]);
  const document = new Document(choice.pieces());
  assert.deepEqual(document.pieces.map((piece) => [piece.id, piece.text, Boolean(piece.end)]), [[1, "a", false], [null, ".", false], [3, "", true]]);
  assert.deepEqual(document.promptIds, [1]);
});

test("EOS is shown and not sent again", () => {
  const document = new Document(folded([chunk("a", [[1, "a", 0], [9, "<eos>", 1]], { finish_reason: "stop" })]).pieces());
  assert.deepEqual(document.promptIds, [1]);
  assert.equal(document.at(1).spelled, "<eos>");
});

test("a row is read by id and rank, as browsers sort its keys", () => {
  const row = { 5: { logprob: -2, rank: 2, decoded_token: "5" }, 262: { logprob: -0.1, rank: 1, decoded_token: " the" } };
  const vocabulary = new Vocabulary();
  const [, piece] = withRows([t(1, "a"), t(5, "5")], [0, 1], new Map([[1, row]]), vocabulary, "pico");
  assert.deepEqual(piece?.lens, { logprob: -2, rank: 2, top: [[262, -0.1], [5, -2]], model: "pico" });
  assert.equal(vocabulary.spelling(262), " the");
});

test("spellings are learned from values that are told apart, and never guessed", () => {
  const vocabulary = new Vocabulary();
  vocabulary.learnTop([[7, -1], [8, -2], [9, -2]], { 12: -1, x: -2, y: -2 });
  assert.equal(vocabulary.spelling(7), "12");
  assert.equal(vocabulary.spelling(8), null);
  vocabulary.learn(8, "x");
  vocabulary.learnTop([[8, -2], [9, -2]], { x: -2, y: -2 });
  assert.equal(vocabulary.spelling(9), "y");
});
