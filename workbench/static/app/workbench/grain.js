/**
 * The lens over more than a token: words, lines, paragraphs. What is shown is the mean of the tokens that a group has.
 *
 * @typedef {import("./document.js").Document} Document
 * @typedef {import("./document.js").Lens} Lens
 * @typedef {"token" | "word" | "line" | "paragraph"} Grain
 */

/** @type {Grain[]} */
export const GRAINS = ["token", "word", "line", "paragraph"];
/** Tokens of a group that are looked at on each side: a text without an end would be one group. */
const MOST = 400;

/** Whether a group begins with this piece. @param {Document} document @param {number} index @param {Grain} grain */
function begins(document, index, grain) {
  const { text } = document.at(index);
  const before = document.at(index - 1).text;
  if (grain === "word") return /^\s/.test(text) || /\s$/.test(before);
  return grain === "line" ? before.includes("\n") : /\n\s*\n$/.test(before);
}

/** The group of a piece: [from, to). @param {Document} document @param {number} index @param {Grain} grain @returns {[number, number]} */
export function groupOf(document, index, grain) {
  let from = index;
  let to = index + 1;
  if (grain === "token") return [from, to];
  while (from > 0 && index - from < MOST && !begins(document, from, grain)) from--;
  while (to < document.pieces.length && to - index < MOST && !begins(document, to, grain)) to++;
  return [from, to];
}

/** The mean of each value of a group's lenses, as one; null where none of its tokens has any. */
/** @param {Document} document @param {number} from @param {number} to @returns {Lens | null} */
export function meanLens(document, from, to) {
  const lenses = [];
  for (let index = from; index < to; index++) {
    const lens = document.lens(index);
    if (lens && lens.logprob !== null) lenses.push(lens);
  }
  const [first] = lenses;
  if (!first) return null;
  if (lenses.length === 1) return first;
  const logprob = lenses.reduce((sum, lens) => sum + (lens.logprob ?? 0), 0) / lenses.length;
  const rank = lenses.reduce((sum, lens) => sum + (lens.rank ?? 0), 0) / lenses.length;
  return { ...widest(lenses), logprob, rank };
}

/** The lens of the token that the model was least sure at: entropy and top of the group are its own. @param {Lens[]} lenses */
function widest(lenses) {
  return lenses.reduce((found, lens) => ((lens.top[0]?.[1] ?? 0) < (found.top[0]?.[1] ?? 0) ? lens : found));
}
