/**
 * How the tokens of a model are spelt, as far as its answers have said so.
 *
 * @typedef {import("./document.js").Entry} Entry
 */

export class Vocabulary {
  constructor() {
    /** @type {Map<number, string>} */
    this._known = new Map();
  }

  /** @param {number} id @returns {string | null} */
  spelling(id) {
    return this._known.get(id) ?? null;
  }

  /** @param {number} id @param {string} spelled */
  learn(id, spelled) {
    this._known.set(id, spelled);
  }

  /** @param {number[]} ids */
  unknown(ids) {
    return [...new Set(ids)].filter((id) => !this._known.has(id));
  }

  /**
   * From lists of log probabilities: by id and by spelling. A value that only one of each has joins the two; equal values do not.
   *
   * @param {Entry[]} byId
   * @param {Record<string, number>} byText
   */
  learnTop(byId, byText) {
    const texts = groups(Object.entries(byText).map(([text, value]) => [value, text]));
    for (const [value, ids] of groups(byId.map(([id, value]) => [value, id]))) {
      const spelled = (texts.get(value) ?? []).filter((text) => !this._isOther(ids, text));
      const open = ids.filter((id) => !this._known.has(id));
      if (open.length === 1 && spelled.length === 1) this._known.set(/** @type {number} */ (open[0]), /** @type {string} */ (spelled[0]));
    }
  }

  /** Whether one of these ids is known to be spelt so. @param {number[]} ids @param {string} text */
  _isOther(ids, text) {
    return ids.some((id) => this._known.get(id) === text);
  }
}

/** @template T @param {[number, T][]} pairs @returns {Map<number, T[]>} */
function groups(pairs) {
  /** @type {Map<number, T[]>} */
  const found = new Map();
  for (const [value, one] of pairs) found.set(value, [...(found.get(value) ?? []), one]);
  return found;
}
