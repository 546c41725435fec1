/**
 * Going on with the document: streaming into it, or looking only. What comes is a branch of its own.
 *
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("./tree.js").Made} Made
 * @typedef {import("./running.js").Outcome} Outcome
 */

import { Document } from "./document.js";
import { splitAt } from "./edits.js";
import { withRows } from "./fold.js";
import { newSeed } from "./parameters.js";
import { completionBody, firstUnseen, lensBody } from "./request.js";
import { run } from "./running.js";
import { guarded, known, lock, show, takeIn } from "./stage.js";
import * as state from "./state.js";
import * as trees from "./tree.js";

/** What the last prediction went on from, to make it anew. @type {{head: Document, tail: Document} | null} */
let last = null;

/** Goes on at the end, or at the caret with what follows kept. @param {{atCaret?: boolean}} [where] */
export async function generate({ atCaret = false } = {}) {
  if (state.running.value) return;
  const caret = state.selection.value.to;
  const [head, tail] = atCaret ? splitAt(state.text.value, caret) : [state.text.value, new Document()];
  await guarded(async () => goOn(await known(head), tail));
}

/** Another continuation from where the last one began, beside it. */
export async function regenerate() {
  if (state.running.value || !last) return;
  const { head, tail } = last;
  if (!state.pinned.value) state.seed.value = newSeed();
  takeIn(state.text.value);
  await guarded(() => goOn(head, tail));
}

/** @param {Document} head @param {Document} tail */
export async function goOn(head, tail) {
  const body = completionBody(head, settings());
  takeIn(head.concat(tail));
  takeIn(head);
  state.predictions.value = state.predictions.value.record(state.text.value);
  last = { head, tail };
  lock(true);
  show(head.concat(tail), head.length);
  const paint = painter(head, tail);
  const outcome = await run(body, "run", paint.soon, head).catch((error) => {
    paint.now();
    throw error;
  });
  finish(head, tail, outcome, body);
}

export function settings() {
  const { modelId, values, likeliest, seed } = state;
  return { model: modelId.value, values: values.value, k: Math.min(likeliest.value, state.model.value?.max_logprobs ?? 100), seed: seed.value };
}

/** Draws once a frame, however fast tokens come. @param {Document} head @param {Document} tail */
function painter(head, tail) {
  /** @type {Outcome | null} */
  let latest = null;
  let waiting = 0;
  const now = () => {
    waiting = 0;
    if (latest) showGrowing(head, tail, latest);
  };
  /** @param {Outcome} outcome */
  const soon = (outcome) => {
    latest = outcome;
    waiting ||= requestAnimationFrame(now);
  };
  return { soon, now };
}

/** @param {Document} head @param {Document} tail @param {Outcome} outcome */
function showGrowing(head, tail, outcome) {
  if (!state.running.value) return;
  const grown = appended(scored(head, outcome), outcome.choices[0]?.pieces() ?? []);
  show(grown.concat(tail), grown.length);
}

/** The prompt with the rows that came along. @param {Document} head @param {Outcome} outcome */
export function scored(head, outcome) {
  const rows = outcome.choices[0]?.rows;
  if (!rows?.size) return head;
  const pieces = withRows(head.pieces, head.promptPieces, rows, state.vocabulary(), state.modelId.value);
  return new Document(pieces, pieces.length);
}

/** @param {Document} head @param {Piece[]} pieces */
export function appended(head, pieces) {
  return head.concat(new Document(pieces, pieces.length));
}

/** Each choice becomes a branch; the document goes on with the first. */
/** @param {Document} head @param {Document} tail @param {Outcome} outcome @param {Record<string, any>} body */
function finish(head, tail, outcome, body) {
  const before = scored(head, outcome);
  takeIn(before);
  const branches = outcome.choices.filter(Boolean).map((choice) => choice.pieces()).filter((pieces) => pieces.length > 0);
  if (branches.length) state.tree.value = trees.grown(state.tree.value, state.tree.value.here, branches, made(body, outcome));
  const whole = appended(before, branches[0] ?? []);
  show(whole.concat(tail), whole.length);
  if (!state.pinned.value) state.seed.value = newSeed();
  if (tail.pieces.length) takeIn(state.text.value);
}

/** @param {Record<string, any>} body @param {Outcome} outcome @returns {Made} */
function made(body, outcome) {
  const { prompt, ...parameters } = body;
  void prompt; // the branch itself has it
  const { requestId, fingerprint, choices } = outcome;
  return { model: body.model, body: parameters, seed: body.seed ?? null, requestId, at: new Date().toISOString(), fingerprint, finish: choices[0]?.finish ?? null };
}

/** What the model thinks of the text as it stands: nothing is generated. */
export async function look() {
  if (state.running.value) return;
  await guarded(async () => {
    const document = await known(state.text.value);
    const body = lensBody(document, settings());
    if (firstUnseen(document, settings().k) === null) return;
    lock(true);
    const outcome = await run(body, "lens", () => {}, document);
    show(scored(document, outcome));
    takeIn(state.text.value);
  });
}

/** Ends a run and keeps what came. */
export function stop() {
  const { running } = state;
  running.value?.stop();
  return running.value !== null;
}

/** What the last prediction went on from is not here any more. */
export function forget() {
  last = null;
}
