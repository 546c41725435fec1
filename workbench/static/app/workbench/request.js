/**
 * The body of a completion: the exact token ids, and no parameter that has its default.
 *
 * @typedef {import("./document.js").Document} Document
 * @typedef {import("./parameters.js").Values} Values
 * @typedef {{model: string, values: Values, k: number, seed: number}} Settings `k`: likeliest tokens shown; `seed`: of this run
 */

/** What a body is asked with: the Workbench shows all of it. */
export const HEADERS = { "x-acs-workload": "interactive", "x-wait-for-model": "900" };

/**
 * A run that streams. The prompt's log probabilities come along from the first token that has none.
 *
 * @param {Document} document
 * @param {Settings} settings
 */
export function completionBody(document, settings) {
  const { best_of: bestOf, ...values } = settings.values;
  const asked = { ...base(document, settings), ...values, logprobs: values.logprob_token_ids?.length ? 0 : settings.k, seed: settings.seed };
  if (bestOf !== undefined && bestOf > (values.n ?? 1)) return { ...asked, best_of: bestOf, ...rows(document, settings.k) };
  return { ...asked, ...rows(document, settings.k), stream: true, stream_options: { include_usage: true } };
}

/** Only looks: nothing is generated. @param {Document} document @param {{model: string, k: number}} settings @returns {Record<string, any>} */
export function lensBody(document, settings) {
  return { ...base(document, settings), max_tokens: 0, ...rows(document, settings.k), stream: true, stream_options: { include_usage: true } };
}

/** @param {Document} document @param {{model: string}} settings @returns {Record<string, any>} */
function base(document, settings) {
  return { model: settings.model, prompt: document.known ? document.promptIds : document.text };
}

/** @param {Document} document @param {number} k */
function rows(document, k) {
  const start = firstUnseen(document, k);
  if (start === null) return {};
  return start > 0 ? { prompt_logprobs: k, prompt_logprobs_start: start } : { prompt_logprobs: k };
}

/** The first position of the prompt without a lens of that width; null if all have one. The very first token never has any. */
/** @param {Document} document @param {number} k @returns {number | null} */
export function firstUnseen(document, k) {
  const missing = document.promptPieces.findIndex((index, position) => position > 0 && index >= 0 && !seen(document, index, k));
  return missing < 0 ? null : missing;
}

/** @param {Document} document @param {number} index @param {number} k */
function seen(document, index, k) {
  const lens = document.lens(index);
  return lens !== null && lens.top.length >= k;
}
