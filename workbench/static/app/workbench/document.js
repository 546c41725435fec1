/**
 * The document: text and token ids as one list of pieces. A piece is a token with the text that it carries, or text whose tokens are
 * not known yet. An edit touches only the pieces it cuts; all others keep their ids.
 *
 * A character that is spread over tokens is carried by the last of them: the ones before show nothing and are `part`s. Offsets are
 * those of JavaScript's strings.
 *
 * @typedef {[number, number]} Entry a token id and its log probability
 * @typedef {{logprob: number | null, rank: number | null, top: Entry[], model: string, requested?: Entry[] | null}} Lens what that model thought of a token
 * @typedef {{
 *   id: number | null, text: string, by: "you" | "model" | "pick", spelled?: string, part?: boolean, special?: boolean, end?: boolean,
 *   ids?: number[], lens?: Lens | null
 * }} Piece
 *   `end`: closed a run (EOS, a stop string) and is no part of the prompt; `ids`: the tokens of a text whose borders are not known;
 *   `spelled`: as the service spells the token, where that is not its text
 * @typedef {{from: number, to: number, text: string, first: boolean}} Run pieces to cut into tokens together; `first`: begins the document
 */

export class Document {
  /** @param {readonly Piece[]} pieces @param {number} fresh how many of the first pieces have a lens that still holds */
  constructor(pieces = [], fresh = 0) {
    this.pieces = pieces;
    this.fresh = Math.min(fresh, pieces.length);
    /** @type {number[] | null} */
    this._starts = null;
    /** @type {string | null} */
    this._text = null;
  }

  /** @param {string} text */
  static typed(text) {
    return new Document(text ? [{ id: null, text, by: "you" }] : []);
  }

  get text() {
    return (this._text ??= this.pieces.map((piece) => piece.text).join(""));
  }

  /** Where each piece begins, and the end of all. */
  get starts() {
    if (this._starts) return this._starts;
    const starts = new Array(this.pieces.length + 1);
    let at = 0;
    for (let index = 0; index < this.pieces.length; index++) {
      starts[index] = at;
      at += this.at(index).text.length;
    }
    starts[this.pieces.length] = at;
    return (this._starts = starts);
  }

  get length() {
    return /** @type {number} */ (this.starts[this.pieces.length]);
  }

  /** @param {number} index @returns {Piece} */
  at(index) {
    return /** @type {Piece} */ (this.pieces[index]);
  }

  /** @param {number} index */
  start(index) {
    return /** @type {number} */ (this.starts[index]);
  }

  /** The piece whose text holds this offset; the number of pieces for the end. @param {number} offset */
  indexAt(offset) {
    const starts = this.starts;
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (starts[middle + 1]) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The lens of a piece, where it still holds. @param {number} index @returns {Lens | null} */
  lens(index) {
    return (index < this.fresh && this.pieces[index]?.lens) || null;
  }

  get tokens() {
    return this.pieces.reduce((count, piece) => count + idsOf(piece).length, 0);
  }

  get known() {
    return this.pieces.every((piece) => piece.id !== null || piece.ids !== undefined || piece.end);
  }

  /** What is sent as the prompt; only while all is `known`. */
  get promptIds() {
    return this.pieces.flatMap(idsOf);
  }

  /** The piece of each position of the prompt; -1 where the borders are not known. */
  get promptPieces() {
    return this.pieces.flatMap((piece, index) => idsOf(piece).map(() => (piece.ids ? -1 : index)));
  }

  /** @param {Document} other */
  concat(other) {
    const whole = this.fresh === this.pieces.length;
    return new Document([...this.pieces, ...other.pieces], whole ? this.fresh + other.fresh : this.fresh);
  }

  /** The first `count` pieces. @param {number} count */
  head(count) {
    return new Document(this.pieces.slice(0, count), this.fresh);
  }
}

/** The ids a piece stands for in a prompt. @param {Piece} piece @returns {number[]} */
function idsOf(piece) {
  if (piece.end) return [];
  return piece.ids ?? (piece.id === null ? [] : [piece.id]);
}

/** Whether two pieces are the same token, or the same text. @param {Piece | undefined} one @param {Piece | undefined} other */
export function same(one, other) {
  if (!one || !other || !one.end !== !other.end) return false;
  return one.id === other.id && one.text === other.text && (one.ids ?? []).join() === (other.ids ?? []).join();
}
