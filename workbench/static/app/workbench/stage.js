/**
 * The document on the page: shown in the editor, taken in as a branch, worked on by one thing at a time.
 *
 * @typedef {import("./editor.js").Editor} Editor
 * @typedef {import("./document.js").Document} Document
 */

import { isApiError } from "../api.js";
import * as state from "./state.js";
import { withIds } from "./tokenizing.js";
import * as trees from "./tree.js";

/** @type {Editor | null} */
let editor = null;
/** @param {Editor | null} shown */
export function useEditor(shown) {
  editor = shown;
}

/** @param {Document} document @param {number | null} [caret] */
export function show(document, caret = null) {
  editor?.show(document, caret);
}

/** @param {unknown} error */
export function fail(error) {
  state.error.value = error;
  if (isApiError(error)) state.faults.value = Object.fromEntries(error.faults.flatMap(({ param, message }) => (param ? [[param, message]] : [])));
  else console.error(error);
}

/** @param {boolean} locked */
export function lock(locked) {
  editor?.lock(locked);
}

/** @param {number} from @param {number} [to] */
export function select(from, to) {
  editor?.select(from, to);
}

export function focus() {
  editor?.focus();
}

/** @param {() => Promise<unknown>} work */
export async function guarded(work) {
  try {
    await work();
  } catch (error) {
    fail(error);
  } finally {
    state.running.value = null;
    editor?.lock(false);
  }
}

/** @param {Document} document */
export async function known(document) {
  return withIds(document, state.modelId.value);
}

/** The document as a branch of the tree; text without ids waits until it has them. @param {Document} document */
export function takeIn(document) {
  if (document.known && document.pieces.length) state.tree.value = trees.adopt(state.tree.value, document);
}
