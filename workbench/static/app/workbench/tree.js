/**
 * All branches of a document: a tree whose nodes hold pieces, so that every branch is exact by token ids. Nodes never change: a branch
 * inside one divides it, and what was there stays beside what is new.
 *
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {{model: string, body: any, seed: number | null, requestId: string | null, at: string, fingerprint: string | null, finish: string | null}} Made
 * @typedef {"up" | "down"} Thumb what somebody thinks of a branch
 * @typedef {{
 *   id: string, parent: string | null, children: readonly string[], pieces: readonly Piece[], made: Made | null, marked: boolean, seen: boolean,
 *   thumb?: Thumb
 * }} Node `made`: by which run; null for what was typed
 * @typedef {{nodes: Readonly<Record<string, Node>>, root: string, here: string, last: number}} Tree `here`: where the document ends
 */

import { Document } from "./document.js";
import { commonStart } from "./edits.js";

const ROOT = "0";

/** @returns {Tree} */
export function emptyTree() {
  return { nodes: { [ROOT]: node(ROOT, null, [], null) }, root: ROOT, here: ROOT, last: 0 };
}

/** @param {string} id @param {string | null} parent @param {readonly Piece[]} pieces @param {Made | null} made @returns {Node} */
function node(id, parent, pieces, made) {
  return { id, parent, children: [], pieces, made, marked: false, seen: true };
}

/** @param {Tree} tree @param {string} id @returns {Node} */
export function nodeOf(tree, id) {
  const found = tree.nodes[id];
  if (!found) throw new Error(`no node ${id}`);
  return found;
}

/** From the root to this node. @param {Tree} tree @param {string} id @returns {Node[]} */
export function pathTo(tree, id) {
  /** @type {Node[]} */
  const path = [];
  for (let at = /** @type {string | null} */ (id); at !== null; at = nodeOf(tree, at).parent) path.push(nodeOf(tree, at));
  return path.reverse();
}

/** The text down to a node. What this model thought of it on the way is still true: that depends only on what stands before. */
/** @param {Tree} tree @param {string} id @param {string} model */
export function documentAt(tree, id, model) {
  const pieces = pathTo(tree, id).flatMap((each) => each.pieces.map((piece) => (piece.lens && piece.lens.model !== model ? { ...piece, lens: null } : piece)));
  return new Document(pieces, pieces.length);
}

/** A piece with the newer lens, if there is one. @param {Piece} piece @param {Piece | undefined} again */
function told(piece, again) {
  return again?.lens ? again : piece;
}

/**
 * Takes in the document as it is now, from the nearest ancestor that it shares; `here` is then its end. Nothing is lost: what the
 * document no longer has stays as another branch.
 *
 * @param {Tree} tree
 * @param {Document} document
 * @param {Made | null} [made]
 * @returns {Tree}
 */
export function adopt(tree, document, made = null) {
  const [at, rest, known] = descended(tree, document);
  return rest.length ? grown(known, at, [rest], made) : { ...known, here: at };
}

/** As far as the tree has the document already: the node there, what is left, and the tree with what is newly known of those tokens. */
/** @param {Tree} tree @param {Document} document @returns {[string, Piece[], Tree]} */
function descended(tree, document) {
  let known = tree;
  let at = tree.root;
  let rest = [...bare(document)];
  const path = pathTo(tree, tree.here).map((each) => each.id);
  for (;;) {
    const here = nodeOf(known, at);
    const count = commonStart(here.pieces, rest);
    if (count > 0) known = replaced(known, { ...here, pieces: here.pieces.map((piece, index) => told(piece, index < count ? rest[index] : undefined)) });
    if (count < here.pieces.length) return [at, rest.slice(count), divided(known, at, count)];
    rest = rest.slice(count);
    const next = rest.length ? continuing(known, at, rest, path) : undefined;
    if (next === undefined) return [at, rest, known];
    at = next;
  }
}

/** The child that goes on as the document does; of several, the one on the current path. */
/** @param {Tree} tree @param {string} at @param {Piece[]} rest @param {string[]} path */
function continuing(tree, at, rest, path) {
  const fitting = nodeOf(tree, at).children.filter((id) => {
    const count = commonStart(nodeOf(tree, id).pieces, rest);
    return count > 0 && (path.includes(id) || count === nodeOf(tree, id).pieces.length);
  });
  return fitting.find((id) => path.includes(id)) ?? fitting[0];
}

/** Pieces without a lens that no longer holds. @param {Document} document @returns {readonly Piece[]} */
function bare(document) {
  const { pieces, fresh } = document;
  return pieces.map((piece, index) => (index < fresh || !piece.lens ? piece : { ...piece, lens: null }));
}

/** New children of a node; `here` is the first. @param {Tree} tree @param {string} parent @param {(readonly Piece[])[]} branches @param {Made | null} made */
export function grown(tree, parent, branches, made) {
  const ids = branches.map((_, index) => String(tree.last + 1 + index));
  const nodes = { ...tree.nodes };
  branches.forEach((pieces, index) => {
    const id = /** @type {string} */ (ids[index]);
    nodes[id] = { ...node(id, parent, pieces, made), seen: index === 0 };
  });
  const above = nodeOf(tree, parent);
  nodes[parent] = { ...above, children: [...above.children, ...ids] };
  return { ...tree, nodes, last: tree.last + ids.length, here: ids[0] ?? parent };
}

/** A node cut in two: the first `count` pieces keep its id, the rest and all branches go below. @param {Tree} tree @param {string} id @param {number} count */
function divided(tree, id, count) {
  const whole = nodeOf(tree, id);
  if (count <= 0 && id !== tree.root) return tree;
  const lower = String(tree.last + 1);
  const nodes = { ...tree.nodes };
  nodes[lower] = { ...whole, id: lower, parent: id, pieces: whole.pieces.slice(count) };
  for (const child of whole.children) nodes[child] = { ...nodeOf(tree, child), parent: lower };
  const { thumb: _, ...upper } = whole; // a judgement is of the end
  nodes[id] = { ...upper, pieces: whole.pieces.slice(0, count), children: [lower], marked: false };
  return { ...tree, nodes, last: tree.last + 1, here: tree.here === id ? lower : tree.here };
}

/** @param {Tree} tree @param {Node} one @returns {Tree} */
function replaced(tree, one) {
  return { ...tree, nodes: { ...tree.nodes, [one.id]: one } };
}

/** @param {Tree} tree @param {string} id @returns {Tree} */
export function visited(tree, id) {
  return { ...replaced(tree, { ...nodeOf(tree, id), seen: true }), here: id };
}

/** @param {Tree} tree @param {string} id @returns {Tree} */
export function marked(tree, id) {
  const one = nodeOf(tree, id);
  return replaced(tree, { ...one, marked: !one.marked });
}

/** The same thumb again takes it back. @param {Tree} tree @param {string} id @param {Thumb} thumb @returns {Tree} */
export function judged(tree, id, thumb) {
  const { thumb: before, ...one } = nodeOf(tree, id);
  return replaced(tree, before === thumb ? one : { ...one, thumb });
}

/** The node on the current path that holds this piece of the document in two, the lower one beginning with it. @param {Tree} tree @param {number} index */
export function split(tree, index) {
  let before = 0;
  for (const { id, pieces } of pathTo(tree, tree.here)) {
    if (index > before && index < before + pieces.length) return divided(tree, id, index - before);
    before += pieces.length;
  }
  return tree;
}

/** Without a node and all below it; whoever was there is then at its parent. @param {Tree} tree @param {string} id @returns {Tree} */
export function pruned(tree, id) {
  const { parent } = nodeOf(tree, id);
  if (parent === null) return tree;
  const gone = new Set(below(tree, id));
  const nodes = Object.fromEntries(Object.entries(tree.nodes).filter(([each]) => !gone.has(each)));
  const above = nodeOf(tree, parent);
  nodes[parent] = { ...above, children: above.children.filter((each) => each !== id) };
  return { ...tree, nodes, here: gone.has(tree.here) ? parent : tree.here };
}

/** Only the branch to this node and what is below it. @param {Tree} tree @param {string} id @returns {Tree} */
export function keptOnly(tree, id) {
  return pathTo(tree, id).reduce((kept, { parent, id: own }) => {
    const aside = parent === null ? [] : nodeOf(kept, parent).children.filter((each) => each !== own);
    return aside.reduce(pruned, kept);
  }, { ...tree, here: id });
}

/** A node and its parent as one; its siblings then hang where their own text begins. @param {Tree} tree @param {string} id @returns {Tree} */
export function merged(tree, id) {
  const lower = nodeOf(tree, id);
  const upper = lower.parent === null ? null : nodeOf(tree, lower.parent);
  if (!upper || upper.children.length !== 1) return tree;
  const nodes = { ...tree.nodes };
  delete nodes[id];
  for (const child of lower.children) nodes[child] = { ...nodeOf(tree, child), parent: upper.id };
  const made = lower.made ?? upper.made;
  nodes[upper.id] = { ...upper, pieces: [...upper.pieces, ...lower.pieces], children: lower.children, made, marked: upper.marked || lower.marked };
  return { ...tree, nodes, here: tree.here === id ? upper.id : tree.here };
}

/** A node and all below it, depth first. @param {Tree} tree @param {string} id @returns {string[]} */
export function below(tree, id) {
  const found = [];
  const open = [id];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    found.push(at);
    open.push(...[...nodeOf(tree, at).children].reverse());
  }
  return found;
}
