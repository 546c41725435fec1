/** Small documents for tests: `t(5, "ab")` is the token 5 with its text. */

import { Document } from "../../workbench/static/app/workbench/document.js";

/** @param {number} id @param {string} text @param {object} [more] */
export function t(id, text, more = {}) {
  return { id, text, by: /** @type {const} */ ("model"), ...more };
}

/** @param {number} id @param {string} text @param {number} logprob @param {[number, number][]} [top] */
export function seen(id, text, logprob, top = [[id, logprob]]) {
  return t(id, text, { lens: { logprob, rank: 1, top, model: "pico" } });
}

/** @param {string} text */
export function raw(text) {
  return { id: null, text, by: /** @type {const} */ ("you") };
}

/** @param {...any} pieces */
export function doc(...pieces) {
  return new Document(pieces, pieces.length);
}

/** @param {Document} document ids, and the texts that have none */
export function shape(document) {
  return document.pieces.map((piece) => piece.id ?? piece.text);
}

/** A split emoji between two words, after a BOS. */
export function emoji() {
  return doc(
    t(0, "", { special: true, spelled: "<s>", by: "you" }),
    t(1, "a "),
    t(2, "", { part: true, spelled: "bytes:\\xf0\\x9f" }),
    t(3, "🙂", { spelled: "bytes:\\x99\\x82" }),
    t(4, " b"),
  );
}
