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

/** Each under its parent, the likeliest first. @param {Leaf[]} leaves @returns {Leaf[]} */
export function ordered(leaves) {
  /** @type {Map<string, Leaf[]>} */
  const children = new Map();
  for (const leaf of leaves) {
    const above = leaf.ids.slice(0, -1).join();
    children.set(above, [...(children.get(above) ?? []), leaf]);
  }
  const under = (/** @type {number[]} */ ids) => [...(children.get(ids.join()) ?? [])].sort((one, other) => other.logprob - one.logprob).reverse();
  /** @type {Leaf[]} */
  const result = [];
  const open = under([]);
  for (let leaf = open.pop(); leaf; leaf = open.pop()) {
    result.push(leaf);
    open.push(...under(leaf.ids));
  }
  return result;
}

/** What goes on from some of the tokens, as if these were certain: totals are taken anew from there. @param {Leaf[]} leaves @param {number[]} ids */
export function zoomed(leaves, ids) {
  if (!ids.length) return leaves;
  const root = leaves.find((leaf) => leaf.ids.join() === ids.join())?.total ?? 0;
  const within = leaves.filter((leaf) => leaf.ids.length > ids.length && ids.every((id, place) => leaf.ids[place] === id));
  return within.map((leaf) => ({ ...leaf, ids: leaf.ids.slice(ids.length), total: leaf.total - root }));
}

/** Decades that a bar of a logarithmic scale shows. */
const DECADES = 4;

/** How much of its place a bar fills. @param {number} logprob @param {boolean} logarithmic 1 in 10,000 is where it ends */
export function filled(logprob, logarithmic) {
  return logarithmic ? Math.max(0, 1 + logprob / Math.LN10 / DECADES) : Math.exp(logprob);
}
