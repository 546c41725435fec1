/**
 * A short continuation in grey, at the caret: taken whole, or word by word, or dropped by the next key.
 *
 * @typedef {import("./document.js").Document} Document
 */

import { Document as Whole } from "./document.js";
import { commonStart, firstWord, splitAt } from "./edits.js";
import { appended, scored, settings } from "./generating.js";
import { completionBody } from "./request.js";
import { run } from "./running.js";
import { guarded, known, show, takeIn } from "./stage.js";
import * as state from "./state.js";

const MOST_TOKENS = 24;

/** What is asked for now; another one, or none, as soon as somebody writes or takes it. @type {object | null} */
let wanted = null;

export async function preview() {
  if (state.running.value) return;
  const mine = (wanted = {});
  await guarded(async () => {
    const head = await known(splitAt(state.text.value, state.selection.value.to)[0]);
    const { best_of: _, n: __, ...values } = state.values.value;
    const body = completionBody(head, { ...settings(), values: { ...values, max_tokens: Math.min(values.max_tokens ?? 16, MOST_TOKENS) } });
    if (wanted !== mine) return;
    const at = state.text.value;
    const outcome = await run(body, "preview", (sofar) => wanted === mine && (state.ghost.value = sofar.choices[0]?.pieces() ?? []), head);
    if (state.text.value === at && commonStart(at.pieces, head.pieces) === head.pieces.length) show(withLensOf(at, scored(head, outcome)));
  });
}

/** @param {Document} document @param {Document} scoredHead */
function withLensOf(document, scoredHead) {
  const pieces = [...scoredHead.pieces, ...document.pieces.slice(scoredHead.pieces.length)];
  return new Whole(pieces, Math.max(document.fresh, scoredHead.fresh));
}

/** The grey text goes, and what would still come of it. Whether there was any. */
export function dropPreview() {
  const coming = state.running.value?.what === "preview";
  const some = coming || state.ghost.value.length > 0;
  wanted = null;
  if (some) state.ghost.value = [];
  if (coming) state.running.value?.stop();
  return some;
}

/** Takes the grey text into the document. */
export function acceptPreview() {
  return take(state.ghost.value.length);
}

/** Takes its next word; the rest stays grey. */
export function acceptWord() {
  return take(firstWord(state.ghost.value));
}

/** @param {number} count of its tokens */
function take(count) {
  const pieces = state.ghost.value;
  if (!pieces.length) return false;
  dropPreview();
  const [head, tail] = splitAt(state.text.value, state.selection.value.to);
  state.predictions.value = state.predictions.value.record(state.text.value);
  const whole = appended(head, pieces.slice(0, count));
  show(whole.concat(tail), whole.length);
  takeIn(state.text.value);
  state.ghost.value = pieces.slice(count);
  return true;
}
