/** What the page reads when it opens: the models, the service's own schema, and what its address names. */

import { get } from "../api.js";
import { fieldsOf } from "./parameters.js";
import { draftNow, setAside } from "./saved_drafts.js";
import { openLinked } from "./saved_opening.js";
import { show, takeIn } from "./stage.js";
import { Document } from "./document.js";
import * as state from "./state.js";
import { emptyTree } from "./tree.js";

export async function open() {
  const [openapi] = await Promise.all([get("/openapi.json"), readModels()]);
  state.fields.value = fieldsOf(openapi);
  await openLinked();
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
  const document = state.text.value;
  const alike = state.tokenizerOf(state.models.value.find((each) => each.id === id) ?? null) === state.tokenizerOf(state.model.value);
  if (!alike) keepBranches();
  takeIn(document);
  state.modelId.value = id;
  if (!alike) state.tree.value = emptyTree();
  show(alike ? new Document(document.pieces, 0) : Document.typed(document.text));
}

/** What runs made has no place in another tokenizer's tree: unsaved, it is offered again. */
function keepBranches() {
  const aside = Object.values(state.tree.value.nodes).some((node) => node.made) ? draftNow() : null;
  if (aside) setAside(aside);
}
