/** What a model gives to continuations, asked of the service. */

import { send } from "../api.js";
import { hearBudget } from "../budget.js";
import { HEADERS } from "./request.js";
import { modelId } from "./state.js";

/**
 * @typedef {{
 *   sum_logprob: number, is_greedy: boolean, n_bytes: number, tokens: string[], token_ids: number[], token_logprobs: number[],
 *   token_ranks: number[], boundary: string
 * }} Score
 */

/** A model that sleeps is waited for. */
const SECONDS = 900;

/** @param {string | number[]} prompt @param {(string | number[])[]} continuations @returns {Promise<Score[]>} in their order */
export async function scoresOf(prompt, continuations) {
  const asked = { model: modelId.value, prompt, continuations };
  const { body, told } = await send("POST", "/site/v1/score", asked, { headers: HEADERS, seconds: SECONDS });
  hearBudget(told);
  return body.results;
}
