/**
 * What the model thought of each token, as numbers and as one of eight shades. Logarithms are natural, as the service gives them.
 *
 * @typedef {import("./document.js").Document} Document
 * @typedef {import("./document.js").Lens} Lens
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {"surprisal" | "probability" | "rank" | "entropy" | "relative" | "off"} Mode
 */

import { bytesOf } from "./spelling.js";

export const SHADES = 8;
const LN2 = Math.log(2);

/** The borders between the shades: from what the model expected to what surprised it. @type {Record<Exclude<Mode, "off">, number[]>} */
export const BORDERS = {
  surprisal: [0.25, 1, 2, 3.5, 5.5, 8, 12],
  probability: [0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97],
  rank: [2, 3, 6, 11, 51, 101, 1001],
  entropy: [0.25, 0.75, 1.5, 2.5, 3.5, 4.5, 6],
  relative: [0.01, 0.5, 1, 2, 3.5, 5.5, 8],
};

/** @type {[Mode, string][]} */
export const MODES = [
  ["surprisal", "Surprisal"],
  ["probability", "Probability"],
  ["rank", "Rank"],
  ["entropy", "Entropy"],
  ["relative", "Behind the top"],
  ["off", "No colour"],
];

/** @param {number} logprob */
export function probability(logprob) {
  return Math.exp(logprob);
}

/** @param {number} logprob */
export function bits(logprob) {
  return logprob === 0 ? 0 : -logprob / LN2;
}

/** What no shown token has. @param {Lens} lens */
export function others(lens) {
  return Math.max(0, 1 - lens.top.reduce((sum, [, logprob]) => sum + Math.exp(logprob), 0));
}

/** In bits; all that is not shown counts as one token, so the true entropy is at least this. @param {Lens} lens */
export function entropy(lens) {
  const shares = [...lens.top.map(([, logprob]) => Math.exp(logprob)), others(lens)];
  return shares.reduce((sum, share) => sum - (share > 0 ? share * Math.log2(share) : 0), 0);
}

/** How many bits behind the likeliest token. @param {Lens} lens */
export function behind(lens) {
  return lens.logprob === null || !lens.top[0] ? 0 : Math.max(0, (lens.top[0][1] - lens.logprob) / LN2);
}

/** A number that grows as the model expected the token less. @param {Mode} mode @param {Lens} lens @returns {number | null} */
function measure(mode, lens) {
  if (mode === "off" || lens.logprob === null) return null;
  if (mode === "probability") return 1 - probability(lens.logprob);
  if (mode === "rank") return lens.rank;
  if (mode === "entropy") return entropy(lens);
  return mode === "relative" ? behind(lens) : bits(lens.logprob);
}

/** 0 (expected) to 7, or null for no colour. @param {Mode} mode @param {Lens | null} lens @returns {number | null} */
export function shade(mode, lens) {
  const value = lens && mode !== "off" ? measure(mode, lens) : null;
  if (value === null || mode === "off") return null;
  const above = BORDERS[mode].findIndex((border) => value < border);
  return above < 0 ? SHADES - 1 : above;
}

/**
 * Over the tokens of some pieces that have a lens.
 *
 * @param {Document} document
 * @param {number} from
 * @param {number} to
 */
export function sums(document, from, to) {
  let sum = 0;
  let tokens = 0;
  let bytes = 0;
  let unknown = 0;
  for (let index = from; index < to; index++) {
    const logprob = document.lens(index)?.logprob ?? null;
    if (logprob === null) unknown++;
    else {
      sum += logprob;
      tokens++;
      bytes += bytesIn(document.at(index));
    }
  }
  const mean = tokens ? sum / tokens : null;
  return { sum, tokens, bytes, unknown, mean, perplexity: mean === null ? null : Math.exp(-mean), bitsPerByte: bytes ? bits(sum) / bytes : null };
}

/** @param {Piece} piece */
function bytesIn(piece) {
  return piece.special || piece.end ? 0 : bytesOf(piece.spelled ?? piece.text).length;
}

/** The places of the tokens that the model expected least, the worst first. @param {Document} document @param {number} [most] */
export function surprises(document, most = 20) {
  /** @type {{index: number, bits: number}[]} */
  const found = [];
  for (let index = 0; index < document.fresh; index++) {
    const logprob = document.lens(index)?.logprob ?? null;
    if (logprob !== null) found.push({ index, bits: bits(logprob) });
  }
  return found.sort((one, other) => other.bits - one.bits).slice(0, most);
}
