/**
 * Samples of one text under two settings of the sampler: where they part, and what each sampler gave the tokens that both took.
 *
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("./sampler.js").Sampling} Sampling
 * @typedef {{text: string, one: number | null, other: number | null, parted: boolean}} Step a token of a sample; log probabilities after either sampler
 */

import { commonStart } from "./edits.js";
import { sampled } from "./sampler.js";

/** Log of nothing, as the service writes it. */
const NEVER = -9999;

/** What a sampler made of the token that was taken; null where the token is not among those shown. @param {Piece} piece @param {Sampling} sampling */
export function afterSampler(piece, sampling) {
  const row = piece.lens ? sampled(piece.lens.top, sampling).find(({ id }) => id === piece.id) : undefined;
  return row === undefined ? null : row.after > 0 ? Math.log(row.after) : NEVER;
}

/**
 * Two samples with one seed, token by token. Up to where they part both stood at the same place, so either sampler can be asked there.
 *
 * @param {readonly Piece[]} one
 * @param {readonly Piece[]} other
 * @param {[Sampling, Sampling]} samplings
 * @returns {{agreed: number, one: Step[], other: Step[]}}
 */
export function parted(one, other, samplings) {
  const agreed = commonStart(one, other);
  /** @param {readonly Piece[]} pieces @returns {Step[]} */
  const steps = (pieces) => pieces.map((piece, index) => {
    const known = index <= agreed;
    const [left, right] = known ? samplings.map((each) => afterSampler(piece, each)) : [null, null];
    return { text: piece.text || (piece.part ? "" : (piece.spelled ?? "")), one: left ?? null, other: right ?? null, parted: index === agreed };
  });
  return { agreed, one: steps(one), other: steps(other) };
}

/** The mean of what the model itself gave the tokens, before any sampler. @param {readonly Piece[]} pieces */
export function meanLogprob(pieces) {
  const known = pieces.flatMap((piece) => piece.lens?.logprob ?? []);
  return known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : null;
}
