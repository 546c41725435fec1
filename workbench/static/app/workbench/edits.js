/**
 * Edits of a document: what they cut becomes text without ids, all else stays as it is.
 *
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("./document.js").Run} Run
 */

import { Document, same } from "./document.js";

/**
 * @param {Document} document
 * @param {number} from
 * @param {number} to
 * @param {string} insert
 */
export function edited(document, from, to, insert) {
  const [first, after] = touched(document, from, to);
  const left = first < after ? cut(document, first, from, "before") : "";
  const right = first < after ? cut(document, after - 1, to, "after") : "";
  const before = document.pieces.slice(0, first);
  const rest = document.pieces.slice(after);
  let text = left + insert + right;
  if (text && before.at(-1) && raw(before.at(-1))) text = before.pop()?.text + text;
  if (text && raw(rest[0])) text += rest.shift()?.text;
  const middle = text ? [{ id: null, text, by: /** @type {const} */ ("you") }] : [];
  return new Document([...before, ...middle, ...rest], Math.min(document.fresh, before.length));
}

/** The pieces that a change cuts: [first, after). Where it cuts none, both are the place of the insertion. */
/** @param {Document} document @param {number} from @param {number} to @returns {[number, number]} */
function touched(document, from, to) {
  const hit = document.indexAt(from);
  const inside = hit < document.pieces.length && (to > from ? document.start(hit) < to : document.start(hit) < from);
  const first = withParts(document, hit);
  if (!inside) return [placeAt(document, hit, first), placeAt(document, hit, first)];
  const last = to > from ? document.indexAt(to - 1) : hit;
  return [first, last + 1];
}

/** An insertion stands after special tokens, before the parts of the next character, and at the end after everything. */
/** @param {Document} document @param {number} hit @param {number} first */
function placeAt(document, hit, first) {
  return hit === document.pieces.length ? hit : first;
}

/** The first token of the character that this piece carries. @param {Document} document @param {number} index */
function withParts(document, index) {
  let first = index;
  while (first > 0 && document.at(first - 1).part && index < document.pieces.length) first--;
  return first;
}

/** What a change leaves of a piece. @param {Document} document @param {number} index @param {number} at @param {"before" | "after"} side */
function cut(document, index, at, side) {
  const { text } = document.at(index);
  const inside = Math.min(Math.max(at - document.start(index), 0), text.length);
  return side === "before" ? text.slice(0, inside) : text.slice(inside);
}

/** @param {Piece | undefined} piece */
function raw(piece) {
  return piece?.id === null && !piece.ids && piece.by === "you";
}

/**
 * Two documents: before and from this offset on; a token across it is text in both.
 *
 * @param {Document} document
 * @param {number} offset
 * @returns {[Document, Document]}
 */
export function splitAt(document, offset) {
  if (offset >= document.length) return [document, new Document()];
  const [first, after] = touched(document, offset, offset);
  const piece = document.pieces[first];
  if (first === after || !piece) return [document.head(first), new Document(document.pieces.slice(first))];
  const left = cut(document, after - 1, offset, "before");
  const right = cut(document, after - 1, offset, "after");
  return [
    document.head(first).concat(Document.typed(left)),
    new Document([{ id: null, text: right, by: "you" }, ...document.pieces.slice(after)]),
  ];
}

/** The texts that have no ids, each with all that was typed around it. @param {Document} document @returns {Run[]} */
export function untokenized(document) {
  /** @type {Run[]} */
  const runs = [];
  for (let index = 0; index < document.pieces.length; index++) {
    if (!raw(document.at(index))) continue;
    const run = runAround(document, index);
    runs.push(run);
    index = run.to;
  }
  return runs;
}

/** @param {Document} document @param {number} index @returns {Run} */
function runAround(document, index) {
  let from = index;
  let to = index + 1;
  while (from > 0 && document.at(from - 1).by === "you") from--;
  while (to < document.pieces.length && document.at(to).by === "you") to++;
  const text = document.pieces.slice(from, to).map((piece) => piece.text).join("");
  return { from, to, text, first: from === 0 };
}

/** The document with a run in tokens. Those that are what they were keep what is known of them. */
/** @param {Document} document @param {Run} run @param {Piece[]} pieces */
export function tokenized(document, run, pieces) {
  const old = document.pieces.slice(run.from, run.to);
  const kept = commonStart(old, pieces);
  const merged = pieces.map((piece, index) => (index < kept ? /** @type {Piece} */ (old[index]) : later(old, piece, index - pieces.length)));
  const fresh = kept === old.length && kept === pieces.length ? document.fresh : Math.min(document.fresh, run.from + kept);
  return new Document([...document.pieces.slice(0, run.from), ...merged, ...document.pieces.slice(run.to)], fresh);
}

/** @param {Piece[]} old @param {Piece} piece @param {number} fromEnd */
function later(old, piece, fromEnd) {
  const before = old.at(fromEnd);
  return before && same(before, piece) ? before : piece;
}

/** @param {readonly Piece[]} one @param {readonly Piece[]} other */
export function commonStart(one, other) {
  let count = 0;
  while (count < one.length && same(one[count], other[count])) count++;
  return count;
}

/** The least change that makes one text the other; null for none. @param {string} before @param {string} after */
export function difference(before, after) {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (end < most - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end++;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

/** How many tokens the first word has: up to the next that begins with a blank. @param {readonly Piece[]} pieces */
export function firstWord(pieces) {
  let written = "";
  const end = pieces.findIndex((piece) => {
    if (written.trim() && /^\s/.test(piece.text)) return true;
    written += piece.text;
    return false;
  });
  return end < 0 ? pieces.length : end;
}
