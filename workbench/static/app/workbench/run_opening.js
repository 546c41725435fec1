/**
 * A run of before, again on the page: as a branch, or as the parameters of the next one.
 *
 * @typedef {import("./run_history.js").PastRun} PastRun
 */

import { Document } from "./document.js";
import { begin } from "./file.js";
import { settingsFrom } from "./file_settings.js";
import { textOf } from "./run_history.js";
import { beOpen } from "./saved.js";
import { draftNow, setAside } from "./saved_drafts.js";
import { show, takeIn } from "./stage.js";
import * as state from "./state.js";
import { adopt, documentAt } from "./tree.js";
import { settle } from "./unsaved.js";

/** What it went on from and what came, with its own model; where the tokens are another model's, only the text. @param {PastRun} run */
export function openRun(run) {
  const { head } = run;
  if (state.running.value || !head) return;
  const card = state.models.value.find(({ id }) => id === run.body.model) ?? null;
  if (!card || state.tokenizerOf(card) !== state.tokenizerOf(state.model.value)) return openText(head.text + textOf(run.outputs[0] ?? []), card?.id);
  takeIn(state.text.value);
  state.predictions.value = state.predictions.value.record(state.text.value);
  const whole = run.outputs.map((pieces) => head.concat(new Document(pieces, pieces.length)));
  for (const each of [head, ...whole.toReversed()]) if (each.known && each.pieces.length) state.tree.value = adopt(state.tree.value, each);
  state.modelId.value = card.id;
  const first = whole[0] ?? head;
  const shown = first.known && first.pieces.length ? documentAt(state.tree.value, state.tree.value.here, card.id) : first;
  show(shown, shown.length);
}

/** @param {string} text @param {string | undefined} model */
function openText(text, model) {
  const aside = draftNow();
  if (aside) setAside(aside);
  if (model) state.modelId.value = model;
  begin(text);
  beOpen(null);
  settle(null);
}

/** The next run is made as this one was, with its seed. @param {PastRun} run */
export function useParameters({ body }) {
  const values = Object.fromEntries(Object.entries(body).filter(([name]) => state.fields.value.some((field) => field.name === name && name !== "seed")));
  const { mode, grain, likeliest, pinned, seed } = state;
  const asked = { seed: body.seed ?? seed.value, pinned: body.seed === undefined ? pinned.value : true };
  settingsFrom({ values, ...asked, likeliest: body.logprobs || likeliest.value, mode: mode.value, grain: grain.value }, state.fields.value).apply();
  state.tab.value = "parameters";
}
