/** What is saved in a file: the tree with its log probabilities, and how the next run would be made. */

import { Document } from "./document.js";
import { show, takeIn } from "./stage.js";
import * as state from "./state.js";
import { documentAt } from "./tree.js";
import { BadFile, treeFromJson, treeToJson } from "./tree_file.js";

const FORMAT = "basemodel-workbench";
const VERSION = 1;

/** @returns {Record<string, any>} */
export function content() {
  takeIn(state.text.value);
  const { modelId, values, seed, pinned, likeliest, mode } = state;
  const fingerprint = state.model.value?.system_fingerprint ?? null;
  return {
    format: FORMAT,
    version: VERSION,
    model: modelId.value,
    tokenizer: state.tokenizerOf(state.model.value),
    fingerprint,
    settings: { values: values.value, seed: seed.value, pinned: pinned.value, likeliest: likeliest.value, mode: mode.value },
    text: state.text.value.text,
    tree: treeToJson(state.tree.value),
    spellings: spellings(),
  };
}

/** How the tokens of all alternatives are spelt, so that they show without asking. @returns {[number, string][]} */
function spellings() {
  const ids = Object.values(state.tree.value.nodes).flatMap((node) => node.pieces.flatMap((piece) => piece.lens?.top.map(([id]) => id) ?? []));
  const known = state.vocabulary();
  return [...new Set(ids)].flatMap((id) => {
    const spelled = known.spelling(id);
    return spelled === null ? [] : [/** @type {[number, string]} */ ([id, spelled])];
  });
}

/** Puts it on the page. Where no model here has its tokenizer, only the text is taken. @param {any} json @throws {BadFile} */
export function open(json) {
  if (json?.format !== FORMAT || json.version !== VERSION || typeof json.text !== "string") throw new BadFile("This is not a file of the Workbench.");
  const tree = treeFromJson(json.tree);
  const card = modelFor(json);
  if (card) state.modelId.value = card.id;
  apply(json.settings ?? {});
  const exact = card !== null && state.tokenizerOf(card) === json.tokenizer;
  if (!exact) return show(Document.typed(json.text), 0);
  for (const [id, spelled] of Array.isArray(json.spellings) ? json.spellings : []) if (Number.isInteger(id)) state.vocabulary().learn(id, String(spelled));
  state.tree.value = tree;
  const document = documentAt(tree, tree.here, card.id);
  return show(document, document.length);
}

/** @param {any} json */
function modelFor(json) {
  const alike = state.models.value.filter((each) => state.tokenizerOf(each) === json.tokenizer);
  return state.models.value.find(({ id }) => id === json.model) ?? alike[0] ?? null;
}

/** @param {any} settings */
function apply({ values, seed, pinned, likeliest, mode }) {
  if (values && typeof values === "object" && !Array.isArray(values)) state.values.value = values;
  if (Number.isSafeInteger(seed)) state.seed.value = seed;
  state.pinned.value = pinned === true;
  if (Number.isInteger(likeliest)) state.likeliest.value = Math.max(1, Math.min(1000, likeliest));
  if (["surprisal", "probability", "rank", "entropy", "relative", "off"].includes(mode)) state.mode.value = mode;
}
