/**
 * A tree as other looms read it: OpenLoom 1.0, `*.openloom.json`. It holds texts, who wrote them and with which model; token ids and
 * log probabilities have no place there.
 *
 * @typedef {import("./tree.js").Tree} Tree
 * @typedef {import("./tree.js").Node} Node
 * @typedef {{
 *   id: string, text: string, author: "user" | "assistant", modelId: string, createdTime: string,
 *   parentId: string | null, childrenIds: readonly string[], rememberedChildId: string | null
 * }} LoomNode
 */

import { below, nodeOf, pathTo } from "./tree.js";

/** Who wrote what no model did. */
const USER = "user";

/**
 * @param {Tree} tree
 * @param {{id: string, title: string, at: string}} about
 */
export function openLoom(tree, { id, title, at }) {
  const path = pathTo(tree, tree.here).map((node) => node.id);
  const nodes = below(tree, tree.root).map((each) => loomNode(nodeOf(tree, each), path, at));
  const marked = nodes.filter((node) => nodeOf(tree, node.id).marked);
  return {
    id,
    title,
    description: null,
    lastModified: at,
    systemMessage: "",
    rootNodeId: tree.root,
    currentNodeId: tree.here,
    nodes: byId(nodes),
    bookmarkedNodes: byId(marked),
  };
}

/** @param {LoomNode[]} nodes */
function byId(nodes) {
  return Object.fromEntries(nodes.map((node) => [node.id, node]));
}

/** The child on the way to where the document ends is the one that was visited last. */
/** @param {Node} node @param {string[]} path @param {string} at @returns {LoomNode} */
function loomNode(node, path, at) {
  return {
    id: node.id,
    text: node.pieces.map((piece) => piece.text).join(""),
    author: node.made ? "assistant" : "user",
    modelId: node.made?.model ?? USER,
    createdTime: node.made?.at ?? at,
    parentId: node.parent,
    childrenIds: node.children,
    rememberedChildId: node.children.find((child) => path.includes(child)) ?? null,
  };
}
