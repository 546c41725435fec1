/** What files are read with: each check is one sentence for whoever opens a file that is not what it says. */

/** How deep the parameters of a run may nest, and how long they may be. */
const DEEPEST = 4;
const LONGEST = 65_536;

/** The message is for people. */
export class BadFile extends Error {}

/** @param {unknown} good @param {string} sentence @throws {BadFile} @returns {asserts good} */
export function wanted(good, sentence) {
  if (!good) throw new BadFile(sentence);
}

/** @param {unknown} value @returns {value is Record<string, any>} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is number} */
export function isWhole(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** @param {unknown} value @returns {value is number} */
export function isId(value) {
  return isWhole(value) && value < 2 ** 31;
}

/** @param {unknown} value @param {number} longest @returns {value is string} */
export function shortText(value, longest) {
  return typeof value === "string" && value.length <= longest;
}

/** @param {unknown} value @param {number} longest @returns {string | null} null also for what is no text */
export function textOrNull(value, longest) {
  return shortText(value, longest) ? value : null;
}

/** Whether it is as small as the parameters of a run are. @param {unknown} value */
export function plain(value) {
  return isShallow(value, DEEPEST) && JSON.stringify(value).length <= LONGEST;
}

/** @param {unknown} value @param {number} levels @returns {boolean} */
function isShallow(value, levels) {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}
