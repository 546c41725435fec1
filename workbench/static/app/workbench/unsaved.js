/** Whether the page holds what is saved nowhere: branches, texts, log probabilities or settings that came since. */

import { effect, signal } from "../../vendor/preact.js";
import { treeNow } from "./file.js";
import * as state from "./state.js";

const SOON_MS = 500;

export const unsaved = signal(false);
/** What the page held when it was saved or opened last; null for never. @type {string | null} */
let settledAs = null;

/** All that is saved, in short: two states that differ, differ here. Where the document ends is no change. */
export function signature() {
  const { text, modelId, values, pinned, seed } = state;
  const nodes = Object.values(treeNow().nodes).map(({ id, parent, pieces, marked }) => [id, parent, pieces.length, marked, seenIn(pieces)]);
  return JSON.stringify([text.value.known ? "" : text.value.text, modelId.value, values.value, pinned.value && seed.value, nodes]);
}

/** @param {readonly import("./document.js").Piece[]} pieces */
function seenIn(pieces) {
  return pieces.reduce((sum, { lens }) => sum + (lens ? lens.top.length + 1 : 0), 0);
}

/** From now on only what is added to this is unsaved. @param {string | null} [as] null: all of it is */
export function settle(as = signature()) {
  settledAs = as;
  check();
}

/** Looks now; otherwise it is looked at soon after a change. */
export function check() {
  const empty = state.text.value.length === 0 && Object.keys(state.tree.value.nodes).length === 1;
  unsaved.value = !empty && signature() !== settledAs;
  return unsaved.value;
}

/** @param {() => void} onChange after each look @returns {() => void} ends it */
export function watch(onChange) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const soon = () => {
    timer = undefined;
    if (state.running.peek()) return;
    check();
    onChange();
  };
  const end = effect(() => {
    const { text, tree, modelId, values, pinned, running } = state;
    void [text.value, tree.value, modelId.value, values.value, pinned.value, running.value === null];
    timer ??= setTimeout(soon, SOON_MS);
  });
  return () => {
    end();
    clearTimeout(timer);
  };
}
