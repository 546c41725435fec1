/**
 * A tree as JSON, for files: read strictly, because files come from anywhere.
 *
 * @typedef {import("./tree.js").Tree} Tree
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./document.js").Piece} Piece
 */

const MOST_NODES = 20_000;
const BY = ["you", "model", "pick"];

export class BadFile extends Error {}

/** @param {Tree} tree */
export function treeToJson(tree) {
  const nodes = Object.values(tree.nodes).map(({ id, parent, children, pieces, made, marked }) => ({ id, parent, children, pieces, made, marked }));
  return { root: tree.root, here: tree.here, last: tree.last, nodes };
}

/** @param {any} json @returns {Tree} @throws {BadFile} */
export function treeFromJson(json) {
  const listed = json?.nodes;
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > MOST_NODES) throw new BadFile("This file holds no tree of branches.");
  const nodes = Object.fromEntries(listed.map((each) => [String(each?.id), nodeFrom(each)]));
  const tree = { nodes, root: String(json.root), here: String(json.here), last: Number(json.last) };
  checkShape(tree, listed.length);
  return tree;
}

/** Every node hangs on the root exactly once. @param {Tree} tree @param {number} count */
function checkShape(tree, count) {
  const reached = new Set();
  const open = [tree.root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = tree.nodes[id];
    if (!node || reached.has(id)) throw new BadFile("The branches in this file do not form a tree.");
    if (node.children.some((child) => tree.nodes[child]?.parent !== id)) throw new BadFile("The branches in this file do not form a tree.");
    reached.add(id);
    open.push(...node.children);
  }
  const largest = Math.max(...Object.keys(tree.nodes).map(Number));
  if (reached.size !== count || !tree.nodes[tree.here] || tree.nodes[tree.root]?.parent !== null || !(tree.last >= largest)) {
    throw new BadFile("The branches in this file do not form a tree.");
  }
}

/** @param {any} json @returns {Node} */
function nodeFrom(json) {
  if (!/^\d{1,9}$/.test(json?.id) || !Array.isArray(json.children) || !Array.isArray(json.pieces)) throw new BadFile("A branch in this file is damaged.");
  return {
    id: json.id,
    parent: json.parent === null ? null : String(json.parent),
    children: json.children.map(String),
    pieces: json.pieces.map(pieceFrom),
    made: json.made && typeof json.made === "object" ? json.made : null,
    marked: json.marked === true,
    seen: true,
  };
}

/** @param {any} json @returns {Piece} */
function pieceFrom(json) {
  const good = typeof json?.text === "string" && BY.includes(json.by) && (json.id === null || isId(json.id)) && (!json.ids || json.ids.every(isId));
  if (!good) throw new BadFile("A token in this file is damaged.");
  /** @type {Piece} */
  const piece = { id: json.id, text: json.text, by: json.by };
  if (typeof json.spelled === "string") piece.spelled = json.spelled;
  if (json.ids) piece.ids = json.ids;
  for (const flag of /** @type {const} */ (["part", "special", "end"])) if (json[flag] === true) piece[flag] = true;
  if (json.lens) piece.lens = lensFrom(json.lens);
  return piece;
}

/** @param {any} json @returns {import("./document.js").Lens} */
function lensFrom(json) {
  const top = Array.isArray(json.top) ? json.top : [];
  if (!top.every((/** @type {any} */ entry) => isId(entry?.[0]) && Number.isFinite(entry?.[1]))) throw new BadFile("A log probability in this file is damaged.");
  return { logprob: Number.isFinite(json.logprob) ? json.logprob : null, rank: Number.isInteger(json.rank) ? json.rank : null, top, model: String(json.model) };
}

/** @param {unknown} value */
function isId(value) {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}
