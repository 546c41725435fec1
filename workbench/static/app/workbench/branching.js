/**
 * Branches: another token in a place, back and forth between predictions, a visit to any node.
 *
 * @typedef {import("./document.js").Piece} Piece
 */

import { post } from "../api.js";
import { Document } from "./document.js";
import { forget, goOn } from "./generating.js";
import { bytesOf } from "./spelling.js";
import { focus, guarded, known, show, takeIn } from "./stage.js";
import * as state from "./state.js";
import { Carrier } from "./tokens.js";
import * as trees from "./tree.js";

/** Another token in this place: a branch from here. What was here stays beside it. @param {number} index @param {number} id */
export async function pick(index, id) {
  if (state.running.value) return;
  await guarded(async () => {
    const whole = await known(state.text.value);
    takeIn(whole);
    const head = whole.head(index);
    const piece = await picked(head, whole, index, id);
    const branch = new Document([...head.pieces, piece], head.pieces.length + 1);
    state.predictions.value = state.predictions.value.record(whole);
    show(branch, branch.length);
    takeIn(branch);
    state.chosen.value = null;
    focus(); // what was pressed is not there any more
    if (state.goOn.value) await goOn(branch, new Document());
  });
}

/** @param {Document} head @param {Document} whole @param {number} index @param {number} id @returns {Promise<Piece>} */
async function picked(head, whole, index, id) {
  const spelled = await spelling(id);
  const carrier = new Carrier();
  let first = head.pieces.length;
  while (first > 0 && head.at(first - 1).part) first--;
  for (const part of head.pieces.slice(first)) carrier.piece(0, "", bytesOf(part.spelled ?? ""), "pick");
  const lens = whole.lens(index);
  const place = lens?.top.findIndex(([each]) => each === id) ?? -1;
  const piece = carrier.piece(id, spelled, bytesOf(spelled), "pick");
  const entry = lens?.top[place];
  return lens && entry ? { ...piece, lens: { ...lens, logprob: entry[1], rank: place + 1 } } : piece;
}

/** How a token is spelt; asked where no answer has said so yet. @param {number} id */
export async function spelling(id) {
  const known = state.vocabulary().spelling(id);
  if (known !== null) return known;
  const { prompt } = await post("/site/v1/detokenize", { model: state.modelId.value, tokens: [id] });
  state.vocabulary().learn(id, prompt);
  return /** @type {string} */ (prompt);
}

export function undoPrediction() {
  goTo(state.predictions.value.undo(state.text.value));
}

export function redoPrediction() {
  goTo(state.predictions.value.redo(state.text.value));
}

/** @param {{history: import("./history.js").History<Document>, present: Document}} to */
function goTo({ history, present }) {
  if (state.running.value || present === state.text.value) return;
  takeIn(state.text.value);
  state.predictions.value = history;
  show(present, present.length);
  takeIn(present);
}

/** Shows the branch that ends in this node. @param {string} id */
export function visit(id) {
  if (state.running.value) return;
  takeIn(state.text.value);
  if (!state.tree.value.nodes[id]) return;
  state.tree.value = trees.visited(state.tree.value, id);
  const document = trees.documentAt(state.tree.value, id, state.modelId.value);
  show(document, document.length);
  forget();
}

/** Changes the tree; the document is then where it stands. @param {(tree: import("./tree.js").Tree) => import("./tree.js").Tree} change */
export function onTree(change) {
  if (state.running.value) return;
  takeIn(state.text.value);
  const before = state.tree.value;
  state.tree.value = change(before);
  if (state.tree.value.here !== before.here) show(trees.documentAt(state.tree.value, state.tree.value.here, state.modelId.value));
}

/** Goes on with these tokens after the text, as a branch of its own. @param {number[]} ids */
export async function explored(ids) {
  if (state.running.value) return;
  await guarded(async () => {
    let branch = await known(state.text.value);
    takeIn(branch);
    state.predictions.value = state.predictions.value.record(branch);
    for (const id of ids) branch = branch.concat(new Document([await picked(branch, branch, branch.pieces.length, id)], 0));
    show(branch, branch.length);
    takeIn(branch);
  });
}

/** A text of one's own in the place of a token and all that follows: a branch. @param {number} index @param {string} typed */
export async function forced(index, typed) {
  if (state.running.value) return;
  await guarded(async () => {
    const whole = await known(state.text.value);
    takeIn(whole);
    const branch = await known(whole.head(index).concat(Document.typed(typed)));
    state.predictions.value = state.predictions.value.record(whole);
    show(branch, branch.length);
    takeIn(branch);
    if (state.goOn.value) await goOn(branch, new Document());
  });
}
