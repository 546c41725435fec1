/**
 * What the Workbench knows, as signals. Nothing here draws or fetches.
 *
 * @typedef {import("./tree.js").Tree} Tree
 * @typedef {import("./lens.js").Mode} Mode
 * @typedef {import("./parameters.js").Field} Field
 * @typedef {import("../models/card.js").ModelCard} ModelCard
 * @typedef {{what: "run" | "lens" | "preview", tokens: number, since: number, stop: () => void}} Running
 * @typedef {{path: string, body: any, requestId: string | null, response: any[], at: string}} Sent the last request, as it was sent
 */

import { computed, signal } from "../../vendor/preact.js";
import { Document } from "./document.js";
import { History } from "./history.js";
import { surprises } from "./lens.js";
import { newSeed } from "./parameters.js";
import { emptyTree } from "./tree.js";
import { Vocabulary } from "./vocabulary.js";

export const text = signal(new Document());
/** Where the caret is, and what is selected: offsets. */
export const selection = signal({ from: 0, to: 0, head: 0 });
/** The token under the pointer. */
export const hovered = signal(/** @type {number | null} */ (null));
/** A token that was chosen by name: the caret may stand at several. */
export const chosen = signal(/** @type {number | null} */ (null));
export const tree = signal(/** @type {Tree} */ (emptyTree()));
/** The branch that the map begins with; null for all. */
export const hoisted = signal(/** @type {string | null} */ (null));
export const predictions = signal(/** @type {History<Document>} */ (new History()));

export const models = signal(/** @type {ModelCard[]} */ ([]));
export const modelId = signal("");
export const model = computed(() => models.value.find((each) => each.id === modelId.value) ?? null);
/** How each tokenizer spells its tokens, by its digest. @type {Map<string, Vocabulary>} */
const vocabularies = new Map();

export const fields = signal(/** @type {Field[]} */ ([]));
export const values = signal(/** @type {Record<string, any>} */ ({}));
export const faults = signal(/** @type {Record<string, string>} */ ({}));
/** The seed of the next run; a new one each time unless it is pinned. */
export const seed = signal(newSeed());
export const pinned = signal(false);
export const likeliest = signal(10);

export const mode = signal(/** @type {Mode} */ ("surprisal"));
/** What the lens colours as one. */
export const grain = signal(/** @type {import("./grain.js").Grain} */ ("token"));
export const blanks = signal(false);
/** Whether a token that is chosen from the list is also continued from. */
export const goOn = signal(true);
export const tab = signal("token");

export const running = signal(/** @type {Running | null} */ (null));
export const error = signal(/** @type {unknown} */ (null));
/** A cold model that a run waits for. */
export const boot = signal(/** @type {{phase: string, eta: number | null} | null} */ (null));
export const told = signal(/** @type {{queueWait: number | null, tokensPerSecond: number | null, requestId: string | null} | null} */ (null));
export const sent = signal(/** @type {Sent | null} */ (null));
export const ghost = signal(/** @type {readonly import("./document.js").Piece[]} */ ([]));

/** The token that the panel shows: under the pointer, chosen, or at the caret. */
export const looked = computed(() => {
  const { pieces } = text.value;
  const index = hovered.value ?? chosen.value ?? atCaret(text.value, selection.value.head);
  return index < pieces.length ? index : pieces.length - 1;
});

/** The tokens that the model expected least, the worst first. */
export const surprising = computed(() => surprises(text.value));

/** @param {Document} document @param {number} caret */
function atCaret(document, caret) {
  const index = document.indexAt(caret);
  return index < document.pieces.length || index === 0 ? index : index - 1;
}

/** @param {ModelCard | null} [card] */
export function vocabulary(card = model.value) {
  const digest = tokenizerOf(card);
  const found = vocabularies.get(digest) ?? new Vocabulary();
  vocabularies.set(digest, found);
  return found;
}

/** What names the tokenizer: texts have the same ids wherever it is the same. @param {ModelCard | null} card */
export function tokenizerOf(card) {
  return String(card?.fingerprint?.tokenizer ?? card?.id ?? "");
}
