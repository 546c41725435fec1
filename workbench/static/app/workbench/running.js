/**
 * One request that streams: what it says of the queue and of a boot, its choices, its end. Whoever asks stops it with the signal.
 *
 * @typedef {import("./state.js").Running} Running
 * @typedef {{choices: Choice[], requestId: string | null, fingerprint: string | null, usage: any, stopped: boolean, first: number | null}} Outcome
 *   first: `performance.now()` when the first token came
 */

import { isAbort, send, stream, told as toldOf } from "../api.js";
import { hearBudget } from "../budget.js";
import { concerning } from "../feedback.js";
import { Choice } from "./fold.js";
import { HEADERS } from "./request.js";
import { remember } from "./run_history.js";
import { boot, faults, error, model, modelId, running, sent, told, vocabulary } from "./state.js";

const PATH = "/site/v1/completions";
/** A held boot may take 900 s, and a place in the queue 300 s. */
const LONGEST_SECONDS = 1200;
/** Chunks that the raw view keeps. */
const MOST_KEPT = 2000;

/**
 * @param {Record<string, any>} body
 * @param {Running["what"]} what
 * @param {(outcome: Outcome) => void} onToken
 * @param {import("./document.js").Document | null} [head] what it goes on from
 * @returns {Promise<Outcome>} what came, also where it was stopped; throws where the service refuses or fails
 */
export async function run(body, what, onToken, head = null) {
  const ending = new AbortController();
  const [since, at] = [performance.now(), new Date().toISOString()];
  begin(body, what, ending);
  /** @type {Outcome} */
  const outcome = { choices: [], requestId: null, fingerprint: null, usage: null, stopped: false, first: null };
  /** @type {unknown} */
  let failed = null;
  try {
    await (body.stream ? streamed(body, outcome, ending.signal, onToken) : whole(body, outcome, ending.signal));
  } catch (fault) {
    if (!isAbort(fault)) throw (failed = fault);
    outcome.stopped = true;
  } finally {
    remember({ what, body, head, outcome, fault: failed, since, at, queueMs: told.value?.queueWait ?? null });
    running.value = null;
    boot.value = null;
  }
  return outcome;
}

/** @param {Record<string, any>} body @param {Running["what"]} what @param {AbortController} ending */
function begin(body, what, ending) {
  error.value = null;
  faults.value = {};
  told.value = null;
  sent.value = { path: "/v1/completions", body, requestId: null, response: [], at: new Date().toISOString() };
  running.value = { what, tokens: 0, since: performance.now(), stop: () => ending.abort() };
}

/** @param {Record<string, any>} body @param {Outcome} outcome @param {AbortSignal} signal @param {(outcome: Outcome) => void} onToken */
async function streamed(body, outcome, signal, onToken) {
  const options = { headers: HEADERS, seconds: LONGEST_SECONDS, onTold: (/** @type {any} */ said) => hear(said, outcome) };
  for await (const event of stream(PATH, body, signal, options)) {
    if (event.kind === "comment") waitFor(event.fields);
    else {
      take(event.data, outcome);
      onToken(outcome);
    }
  }
}

/** @param {Record<string, any>} body @param {Outcome} outcome @param {AbortSignal} signal */
async function whole(body, outcome, signal) {
  const answer = await send("POST", PATH, body, { headers: HEADERS, signal, seconds: LONGEST_SECONDS });
  hear(toldOf(answer.headers), outcome);
  take(answer.body, outcome);
}

/** @param {import("../api.js").Told} said @param {Outcome} outcome */
function hear(said, outcome) {
  outcome.requestId = said.requestId;
  hearBudget(said);
  told.value = { queueWait: said.queueWait, tokensPerSecond: null, requestId: said.requestId };
  if (sent.value) sent.value = { ...sent.value, requestId: said.requestId };
  const { prompt, ...parameters } = sent.value?.body ?? {};
  void prompt; // what people wrote goes along with nothing
  concerning.value = { requestId: said.requestId, parameters };
}

/** @param {Record<string, string>} fields of a comment while a model boots */
function waitFor(fields) {
  const eta = Number(fields.eta);
  boot.value = { phase: fields.phase ?? "starting", eta: fields.eta !== undefined && Number.isFinite(eta) ? eta : null };
}

/** @param {any} chunk @param {Outcome} outcome */
function take(chunk, outcome) {
  boot.value = null;
  outcome.fingerprint = chunk.system_fingerprint ?? outcome.fingerprint;
  outcome.usage = chunk.usage ?? outcome.usage;
  for (const choice of chunk.choices) {
    const folding = (outcome.choices[choice.index] ??= new Choice(vocabulary(model.value), modelId.value));
    folding.feed(choice);
  }
  if (sent.value && sent.value.response.length < MOST_KEPT) sent.value.response.push(chunk);
  count(outcome);
}

/** @param {Outcome} outcome */
function count(outcome) {
  const now = running.value;
  if (!now) return;
  const tokens = outcome.choices.reduce((sum, choice) => sum + (choice?.tokens ?? 0), 0);
  if (tokens > 0) outcome.first ??= performance.now();
  const seconds = (performance.now() - now.since) / 1000;
  running.value = { ...now, tokens };
  if (told.value && tokens > 1) told.value = { ...told.value, tokensPerSecond: tokens / seconds };
}
