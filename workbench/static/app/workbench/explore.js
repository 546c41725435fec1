/**
 * The tree of likely continuations: the likeliest next tokens, theirs, and so on, as far as depth, width and cumulative probability go.
 *
 * @typedef {import("./document.js").Entry} Entry
 * @typedef {{ids: number[], logprob: number, total: number}} Leaf `logprob`: of its last token; `total`: of all of its tokens
 * @typedef {{width: number, depth: number, cut: number}} Limits `cut`: a branch less likely than this is not followed
 */

/** The branches after a leaf. @param {Leaf} leaf @param {Entry[]} top @param {Limits} limits @returns {Leaf[]} */
export function branches(leaf, top, limits) {
  return top
    .slice(0, limits.width)
    .map(([id, logprob]) => ({ ids: [...leaf.ids, id], logprob, total: leaf.total + logprob }));
}

/** Whether to look further from here. @param {Leaf} leaf @param {Limits} limits */
export function followed(leaf, limits) {
  return leaf.ids.length < limits.depth && Math.exp(leaf.total) >= limits.cut;
}

/** The most that a search asks for. @param {Limits} limits */
export function atMost(limits) {
  let count = 0;
  for (let depth = 0; depth < limits.depth; depth++) count += limits.width ** depth;
  return count;
}
