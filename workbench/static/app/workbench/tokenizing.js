/** Texts to token ids while somebody types: soon after the last key, and at once before a run. */

import { post } from "../api.js";
import { Document } from "./document.js";
import { tokenized, untokenized } from "./edits.js";
import { modelId, text } from "./state.js";
import { aligned } from "./tokens.js";

const SOON_MS = 250;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {(document: Document) => void} show @param {(error: unknown) => void} fail */
export function tokenizeSoon(show, fail) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const before = text.value;
    if (!modelId.value || untokenized(before).length === 0) return;
    withIds(before, modelId.value).then((after) => text.value === before && show(after), fail);
  }, SOON_MS);
}

/** The document with ids for all of its text. An empty one gets what the tokenizer puts at the beginning. */
/** @param {Document} document @param {string} model @param {AbortSignal} [signal] @returns {Promise<Document>} */
export async function withIds(document, model, signal) {
  let result = document;
  for (let run = nextRun(result); run; run = nextRun(result)) {
    const answer = await post("/site/v1/tokenize", asked(model, run.text, run.first), signal ? { signal } : {});
    const pieces = aligned(run.text, answer.tokens, answer.token_strs);
    result = tokenized(result, run, pieces);
    if (pieces.length === 0) break;
  }
  return result;
}

/** @param {Document} document */
function nextRun(document) {
  if (document.pieces.length === 0) return { from: 0, to: 0, text: "", first: true };
  return untokenized(document)[0];
}

/** The ids of a text by itself. @param {string} model @param {string} prompt @returns {Promise<number[]>} */
export async function idsOfText(model, prompt) {
  return (await post("/site/v1/tokenize", { model, prompt, add_special_tokens: false })).tokens;
}

/** @param {string} model @param {string} prompt @param {boolean} first */
function asked(model, prompt, first) {
  return { model, prompt, add_special_tokens: first, return_token_strs: true };
}
