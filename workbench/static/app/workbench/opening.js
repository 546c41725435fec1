/** What the page reads when it opens: models, the service's own schema, and a saved prompt that the address names. */

import { signal } from "../../vendor/preact.js";
import { get } from "../api.js";
import { fieldsOf } from "./parameters.js";
import { openSaved } from "./saved.js";
import { show, takeIn } from "./stage.js";
import { Document } from "./document.js";
import * as state from "./state.js";
import { emptyTree } from "./tree.js";

const LINK = /^#prompt=([\w-]{1,64})$/;
/** Whether the page can be worked with. */
export const ready = signal(false);

export async function open() {
  const [openapi] = await Promise.all([get("/openapi.json"), readModels()]);
  state.fields.value = fieldsOf(openapi);
  const link = LINK.exec(location.hash);
  if (link?.[1]) await openSaved(link[1]);
  ready.value = true;
}

/** The models anew; the one that is used stays. */
export async function readModels() {
  const { data } = await get("/site/v1/models");
  state.models.value = data;
  if (!state.model.value) state.modelId.value = (data.find((/** @type {any} */ each) => each.state === "ready") ?? data[0])?.id ?? "";
}

/**
 * Another model. Where it cuts texts alike, ids and branches stay, and only what the other one thought goes; else the text is all that
 * stays.
 *
 * @param {string} id
 */
export function useModel(id) {
  if (state.running.value || id === state.modelId.value) return;
  const before = state.tokenizerOf(state.model.value);
  const document = state.text.value;
  takeIn(document);
  state.modelId.value = id;
  const alike = state.tokenizerOf(state.model.value) === before;
  if (!alike) state.tree.value = emptyTree();
  show(alike ? new Document(document.pieces, 0) : Document.typed(document.text));
}
