/**
 * The answer of `/tokenize` as pieces: which token carries which text, by the tokens' own bytes.
 *
 * @typedef {import("./document.js").Piece} Piece
 */

import { byteLevel, isBytes, sentencePiece, spell } from "./spelling.js";

const ENCODER = new TextEncoder();

/**
 * Text that the tokenizer changes (it normalises) has no borders of tokens: then it is one piece that knows its ids.
 *
 * @param {string} text
 * @param {number[]} ids
 * @param {string[]} names the tokenizer's own
 * @returns {Piece[]}
 */
export function aligned(text, ids, names) {
  const data = ENCODER.encode(text);
  for (const bytesOf of [byteLevel, sentencePiece]) {
    const tokens = placed(data, names, bytesOf);
    if (tokens) return pieces(ids, tokens);
  }
  return text || ids.length ? [{ id: null, text, by: "you", ids }] : [];
}

/**
 * The bytes of each token as they stand in the text: none for a token that the tokenizer added. null if they are not the whole text.
 *
 * @param {Uint8Array} data
 * @param {string[]} names
 * @param {(name: string) => Uint8Array | null} bytesOf
 * @returns {{bytes: Uint8Array, added: string | null}[] | null}
 */
function placed(data, names, bytesOf) {
  let at = 0;
  const tokens = names.map((name) => {
    const found = [bytesOf(name), ENCODER.encode(name)].find((bytes) => bytes !== null && startsWith(data, bytes, at));
    at += found?.length ?? 0;
    return { bytes: found ?? new Uint8Array(), added: found ? null : name };
  });
  return at === data.length ? tokens : null;
}

/** @param {Uint8Array} data @param {Uint8Array} bytes @param {number} at */
function startsWith(data, bytes, at) {
  return at + bytes.length <= data.length && bytes.every((byte, index) => data[at + index] === byte);
}

/** @param {number[]} ids @param {{bytes: Uint8Array, added: string | null}[]} tokens @returns {Piece[]} */
function pieces(ids, tokens) {
  const decoder = new Carrier();
  return tokens.map(({ bytes, added }, index) => {
    const id = /** @type {number} */ (ids[index]);
    return added === null ? decoder.piece(id, spell(bytes), bytes, "you") : { id, text: "", by: "you", spelled: added, special: true };
  });
}

/** Gives each token the text that it completes. */
export class Carrier {
  constructor() {
    this._decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  }

  /** @param {number} id @param {string} spelled @param {Uint8Array} bytes @param {Piece["by"]} by @returns {Piece} */
  piece(id, spelled, bytes, by) {
    const text = this._decoder.decode(bytes, { stream: true });
    return pieceOf(id, spelled, text, by);
  }
}

/** @param {number} id @param {string} spelled @param {string} text what it carries @param {Piece["by"]} by @returns {Piece} */
export function pieceOf(id, spelled, text, by) {
  if (text === spelled) return { id, text, by };
  if (isBytes(spelled)) return { id, text, by, spelled, ...(text ? {} : { part: true }) };
  return { id, text, by, spelled, special: !text };
}
