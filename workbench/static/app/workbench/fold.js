/**
 * The chunks of a completion as pieces of a document: text, ids and log probabilities by their offsets, never by comparing strings.
 *
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("./document.js").Lens} Lens
 * @typedef {import("./vocabulary.js").Vocabulary} Vocabulary
 * @typedef {{id: number, spelled: string, offset: number, lens: Lens | null}} Token `offset`: in characters, as the service counts
 */

import { pieceOf } from "./tokens.js";

/** One choice as it comes in. */
export class Choice {
  /** @param {Vocabulary} vocabulary @param {string} model */
  constructor(vocabulary, model) {
    this._vocabulary = vocabulary;
    this._model = model;
    this.text = "";
    /** @type {string | null} */
    this.finish = null;
    /** @type {string | number | null} */
    this.stop = null;
    /** @type {Piece[]} */
    this.settled = [];
    /** Tokens that later ones may still give text. @type {Token[]} */
    this._open = [];
    this._rows = new Map();
    /** Where the first open token stands: in characters, and in the string. */
    this._characters = 0;
    this._at = 0;
  }

  /** @param {any} choice of a chunk, or of a whole answer */
  feed(choice) {
    this.text += choice.text;
    for (const token of tokensOf(choice.logprobs, this._vocabulary, this._model)) this._open.push(token);
    this._keepRows(choice);
    this.finish = choice.finish_reason ?? this.finish;
    this.stop = choice.stop_reason ?? this.stop;
    this._settle();
  }

  get tokens() {
    return this.settled.length + this._open.length;
  }

  /** All pieces; the last as far as they have come. @returns {Piece[]} */
  pieces() {
    const texts = this._openTexts();
    const open = this._open.map((token, index) => withLens(token, /** @type {string} */ (texts[index])));
    return this.finish === null ? [...this.settled, ...open] : closed([...this.settled, ...open], this);
  }

  /** Prompt rows by position. @returns {Map<number, any>} */
  get rows() {
    return this._rows;
  }

  /** @param {any} choice */
  _keepRows(choice) {
    const start = choice.prompt_logprobs_start ?? 0;
    for (const [index, row] of (choice.prompt_logprobs ?? []).entries()) if (row) this._rows.set(start + index, row);
  }

  /** A token is settled when the next one's place is known and the text reaches that far. */
  _settle() {
    while (this._open.length > 1) {
      const [token, next] = /** @type {[Token, Token]} */ (/** @type {unknown} */ (this._open));
      const end = this._reach(next.offset);
      if (end === null) return;
      this.settled.push(withLens(token, this.text.slice(this._at, end)));
      this._open.shift();
      this._at = end;
      this._characters = next.offset;
    }
  }

  /** Where the character with this number stands in the string; null if the text has not come so far. @param {number} character */
  _reach(character) {
    return advanced(this.text, this._at, character - this._characters);
  }

  _openTexts() {
    const ends = this._open.slice(1).map((token) => this._reach(token.offset) ?? this.text.length);
    let at = this._at;
    return [...ends, this.text.length].map((end) => {
      const text = this.text.slice(at, end);
      at = Math.max(at, end);
      return text;
    });
  }
}

/** @param {string} text @param {number} at @param {number} characters @returns {number | null} */
function advanced(text, at, characters) {
  for (; characters > 0; characters--) {
    if (at >= text.length) return null;
    at += /** @type {number} */ (text.codePointAt(at)) > 0xffff ? 2 : 1;
  }
  return at;
}

/** The tokens of the lists of a chunk. @param {any} lists @param {Vocabulary} vocabulary @param {string} model @returns {Token[]} */
export function tokensOf(lists, vocabulary, model) {
  if (!lists) return [];
  return lists.token_ids.map((/** @type {number} */ id, /** @type {number} */ index) => {
    vocabulary.learn(id, lists.tokens[index]);
    const top = lists.top_token_ids[index];
    if (top) vocabulary.learnTop(top, lists.top_logprobs[index]);
    return { id, spelled: lists.tokens[index], offset: lists.text_offset[index], lens: lensOf(lists, index, model) };
  });
}

/** @param {any} lists @param {number} index @param {string} model @returns {Lens | null} */
function lensOf(lists, index, model) {
  if (lists.token_logprobs[index] === null) return null;
  const lens = { logprob: lists.token_logprobs[index], rank: lists.token_ranks[index], top: lists.top_token_ids[index], model };
  return lists.requested ? { ...lens, requested: lists.requested[index] } : lens;
}

/** @param {Token} token @param {string} text @returns {Piece} */
function withLens(token, text) {
  const piece = pieceOf(token.id, token.spelled, text, "model");
  return token.lens ? { ...piece, lens: token.lens } : piece;
}

/** What an ended choice leaves in the document: a stop string's tokens and EOS are shown, but are no part of a later prompt. */
/** @param {Piece[]} pieces @param {Choice} choice @returns {Piece[]} */
function closed(pieces, choice) {
  if (choice.finish !== "stop") return pieces;
  if (typeof choice.stop !== "string") return pieces.map((piece, index) => (index === pieces.length - 1 && !piece.text ? { ...piece, end: true } : piece));
  const cut = pieces.findLastIndex((piece) => piece.text !== "");
  const kept = pieces.map((piece, index) => (index > cut ? { ...piece, end: true } : piece));
  const last = kept[cut];
  const whole = !last || last.spelled === undefined || last.spelled.startsWith("bytes:");
  return whole ? kept : kept.with(cut, { id: null, text: last.text, by: "you" });
}

/**
 * The lens of a prompt's tokens, from rows by token id.
 *
 * @param {readonly Piece[]} pieces
 * @param {number[]} places the piece of each position
 * @param {Map<number, any>} rows by position
 * @param {Vocabulary} vocabulary
 * @param {string} model
 * @returns {Piece[]}
 */
export function withRows(pieces, places, rows, vocabulary, model) {
  const result = [...pieces];
  for (const [position, row] of rows) {
    const index = places[position] ?? -1;
    const piece = result[index];
    if (piece && piece.id !== null) result[index] = { ...piece, lens: { ...lensOfRow(row, piece.id, vocabulary), model } };
  }
  return result;
}

/** A browser loses the order of the row, so that the rank gives it. @param {any} row @param {number} own @param {Vocabulary} vocabulary */
function lensOfRow(row, own, vocabulary) {
  const entries = Object.entries(row).map(([id, told]) => ({ id: Number(id), told: /** @type {any} */ (told) }));
  for (const { id, told } of entries) vocabulary.learn(id, told.decoded_token);
  const chosen = row[String(own)];
  const top = entries.sort((one, other) => one.told.rank - other.told.rank || other.told.logprob - one.told.logprob);
  return { logprob: chosen.logprob, rank: chosen.rank, top: top.map(({ id, told }) => /** @type {[number, number]} */ ([id, told.logprob])) };
}
