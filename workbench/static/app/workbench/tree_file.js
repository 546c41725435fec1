/**
 * A tree as JSON, for saved prompts and files: read strictly, because both come from anywhere.
 *
 * @typedef {import("./tree.js").Tree} Tree
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Made} Made
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("./document.js").Lens} Lens
 * @typedef {import("./document.js").Entry} Entry
 */

import { isId, isObject, isWhole, plain, shortText, textOrNull, wanted } from "./file_checks.js";

const MOST_NODES = 20_000;
const MOST_PIECES = 500_000;
/** The most of likeliest tokens that any model gives, and its own. */
const MOST_ENTRIES = 1001;
const LONGEST_SHORT = 300;
const BY = ["you", "model", "pick"];
const NODE = /^(0|[1-9]\d{0,8})$/;
const NO_TREE = "The branches in this file do not form a tree.";

/** @param {Tree} tree */
export function treeToJson(tree) {
  const nodes = Object.values(tree.nodes).map(({ seen: _, ...kept }) => kept);
  return { root: tree.root, here: tree.here, last: tree.last, nodes };
}

/** @param {any} json @returns {Tree} @throws {import("./file_checks.js").BadFile} */
export function treeFromJson(json) {
  const listed = isObject(json) ? json.nodes : null;
  wanted(Array.isArray(listed) && listed.length > 0, "This file holds no tree of branches.");
  wanted(listed.length <= MOST_NODES, `This file holds ${listed.length} branches; ${MOST_NODES} are the most.`);
  const pieces = listed.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + (Array.isArray(each?.pieces) ? each.pieces.length : 0), 0);
  wanted(pieces <= MOST_PIECES, `This file holds ${pieces} tokens; ${MOST_PIECES} are the most.`);
  const nodes = Object.fromEntries(listed.map((/** @type {any} */ each) => nodeFrom(each)).map((/** @type {Node} */ node) => [node.id, node]));
  const tree = { nodes, root: nodeId(json.root), here: nodeId(json.here), last: json.last };
  checkShape(tree, listed.length);
  return tree;
}

/** Every node hangs on the root exactly once. @param {Tree} tree @param {number} count */
function checkShape(tree, count) {
  wanted(Object.hasOwn(tree.nodes, tree.root) && Object.hasOwn(tree.nodes, tree.here) && tree.nodes[tree.root]?.parent === null, NO_TREE);
  const reached = new Set();
  const open = [tree.root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const children = tree.nodes[id]?.children ?? [];
    const own = id;
    wanted(!reached.has(id) && children.every((child) => tree.nodes[child]?.parent === own), NO_TREE);
    reached.add(id);
    open.push(...children);
  }
  const largest = Object.keys(tree.nodes).reduce((most, id) => Math.max(most, Number(id)), 0);
  wanted(reached.size === count && isWhole(tree.last) && tree.last >= largest, NO_TREE);
}

/** @param {any} json @returns {Node} */
function nodeFrom(json) {
  wanted(isObject(json) && Array.isArray(json.children) && Array.isArray(json.pieces), "A branch in this file is damaged.");
  return {
    id: nodeId(json.id),
    parent: json.parent === null ? null : nodeId(json.parent),
    children: json.children.map(nodeId),
    pieces: json.pieces.map(pieceFrom),
    made: json.made === null || json.made === undefined ? null : madeFrom(json.made),
    marked: json.marked === true,
    seen: true,
    ...(json.thumb === "up" || json.thumb === "down" ? { thumb: json.thumb } : {}),
  };
}

/** @param {unknown} id @returns {string} */
function nodeId(id) {
  wanted(typeof id === "string" && NODE.test(id), NO_TREE);
  return String(id);
}

/** @param {any} json @returns {Made} */
function madeFrom(json) {
  const good = isObject(json) && shortText(json.model, LONGEST_SHORT) && shortText(json.at, LONGEST_SHORT) && isObject(json.body) && plain(json.body);
  wanted(good && (json.seed === null || Number.isSafeInteger(json.seed)), "What made a branch is damaged in this file.");
  return {
    model: json.model,
    body: json.body,
    seed: json.seed,
    at: json.at,
    requestId: textOrNull(json.requestId, LONGEST_SHORT),
    fingerprint: textOrNull(json.fingerprint, LONGEST_SHORT),
    finish: textOrNull(json.finish, LONGEST_SHORT),
  };
}

/** @param {any} json @returns {Piece} */
function pieceFrom(json) {
  const good = isObject(json) && typeof json.text === "string" && BY.includes(json.by) && (json.id === null || isId(json.id));
  wanted(good && (json.ids === undefined || (Array.isArray(json.ids) && json.ids.every(isId))), "A token in this file is damaged.");
  /** @type {Piece} */
  const piece = { id: json.id, text: json.text, by: json.by };
  if (typeof json.spelled === "string") piece.spelled = json.spelled;
  if (json.ids) piece.ids = json.ids;
  for (const flag of /** @type {const} */ (["part", "special", "end"])) if (json[flag] === true) piece[flag] = true;
  if (json.lens) piece.lens = lensFrom(json.lens);
  return piece;
}

/** @param {any} json @returns {Lens} */
function lensFrom(json) {
  const good = isObject(json) && shortText(json.model, LONGEST_SHORT) && (json.logprob === null || isLogprob(json.logprob)) && (json.rank === null || isWhole(json.rank));
  wanted(good, "A log probability in this file is damaged.");
  /** @type {Lens} */
  const lens = { logprob: json.logprob, rank: json.rank, top: entriesFrom(json.top), model: json.model };
  return json.requested ? { ...lens, requested: entriesFrom(json.requested) } : lens;
}

/** @param {any} json @returns {Entry[]} */
function entriesFrom(json) {
  const good = Array.isArray(json) && json.length <= MOST_ENTRIES && json.every((entry) => Array.isArray(entry) && isId(entry[0]) && isLogprob(entry[1]));
  wanted(good, "A log probability in this file is damaged.");
  return json.map((/** @type {Entry} */ [id, logprob]) => [id, logprob]);
}

/** Rounding may leave a certain token a hair above nothing. @param {unknown} value */
function isLogprob(value) {
  return typeof value === "number" && Number.isFinite(value) && value <= 0.001;
}
