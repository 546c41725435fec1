/**
 * The search of the docs, over what /docs/search.json lists.
 *
 * @typedef {{page: string, address: string, title: string, text: string}} Entry
 */

const IN_TITLE = 8;
const IN_PAGE = 2;

/** The entries that hold every word, those with the words in their headings first. @param {Entry[]} entries @param {string} wanted */
export function found(entries, wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry) => ({ entry, worth: worth(entry, words) }))
    .filter(({ worth }) => worth > 0)
    .sort((one, other) => other.worth - one.worth)
    .map(({ entry }) => entry);
}

/** 0 where a word is missing. @param {Entry} entry @param {string[]} words */
function worth({ page, title, text }, words) {
  let sum = 0;
  for (const word of words) {
    const one = of(title, word, IN_TITLE) + of(page, word, IN_PAGE) + of(text, word, 1);
    if (one === 0) return 0;
    sum += one;
  }
  return sum;
}

/** @param {string} text @param {string} word @param {number} worth */
function of(text, word, worth) {
  return text.toLowerCase().includes(word) ? worth : 0;
}
