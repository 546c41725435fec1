/**
 * Two readings of one text, token by token. Models that cut the text alike are compared by token, others by the words that both have.
 *
 * @typedef {import("./document.js").Document} Document
 * @typedef {{text: string, one: number | null, other: number | null}} Pair log probabilities of the same characters
 */

/** The pieces between two places where both texts have a border of tokens. @param {Document} one @param {Document} other @returns {Pair[]} */
export function compared(one, other) {
  const starts = new Set(other.starts);
  const borders = [...new Set(one.starts)].filter((start) => starts.has(start));
  const left = summed(one, borders);
  const right = summed(other, borders);
  return borders.slice(0, -1).map((from, index) => ({
    text: one.text.slice(from, borders[index + 1]),
    one: left[index] ?? null,
    other: right[index] ?? null,
  }));
}

/** The log probability of the text from each border to the next; null where a token in it has none. @param {Document} document @param {number[]} borders */
function summed(document, borders) {
  const sums = borders.map(() => /** @type {number | null} */ (0));
  let at = 0;
  for (let index = 0; index < document.pieces.length; index++) {
    while (at + 1 < borders.length && document.start(index) >= /** @type {number} */ (borders[at + 1])) at++;
    const piece = document.at(index);
    if (piece.end || (piece.special && !piece.text)) continue;
    const logprob = document.lens(index)?.logprob ?? null;
    const sum = sums[at];
    sums[at] = logprob === null || sum === null || sum === undefined ? null : sum + logprob;
  }
  return sums;
}

/** Where the two differ most: from -1 (the first is surer) to 1 (the second is), in steps of four bits. @param {Pair} pair */
export function leaning(pair) {
  if (pair.one === null || pair.other === null) return 0;
  return Math.max(-1, Math.min(1, (pair.other - pair.one) / Math.log(2) / 4));
}
