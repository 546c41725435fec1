/**
 * The one place that fetches.
 *
 * `get`, `post`, `patch`, `put` and `del` give the body; `send` gives the headers as well; `stream` gives the events of a streamed
 * completion. Each fails with an ApiError, or with the AbortError of the caller's own signal.
 *
 * @typedef {import("./sse.js").StreamEvent} StreamEvent
 * @typedef {{
 *   limit: number | null, remaining: number | null, reset: string | null, queueWait: number | null, requestId: string | null
 * }} Told what a completion says in its headers; `queueWait` in milliseconds
 * @typedef {{signal?: AbortSignal, seconds?: number, headers?: Record<string, string>}} Options
 */

import { fault, refusal } from "./api_error.js";
import { readEvents } from "./sse.js";

export { ApiError, isAbort, isApiError } from "./api_error.js";

/** A page's own calls; a completion passes its own: it may wait in the queue and then run long. */
const SECONDS = 30;
/** A place in the queue is waited for 300 s at most. */
const SECONDS_TO_FIRST_EVENT = 330;
const SECONDS_BETWEEN_EVENTS = 120;
const MS = 1000;

/** Whoever keeps the session: it gives the CSRF token and hears when there is no session any more. */
const session = {
  csrf: "",
  /** @type {() => Promise<void>} */
  renew: async () => undefined,
  ended: () => {},
};

/** @param {Partial<typeof session>} parts */
export function keepSession(parts) {
  Object.assign(session, parts);
}

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
export async function get(path, options) {
  return (await send("GET", path, undefined, options)).body;
}

/** @param {string} path @param {unknown} [body] @param {Options} [options] @returns {Promise<any>} */
export async function post(path, body = {}, options) {
  return (await send("POST", path, body, options)).body;
}

/** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
export async function patch(path, body, options) {
  return (await send("PATCH", path, body, options)).body;
}

/** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
export async function put(path, body, options) {
  return (await send("PUT", path, body, options)).body;
}

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
export async function del(path, options) {
  return (await send("DELETE", path, undefined, options)).body;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Options} [options]
 * @returns {Promise<{body: any, headers: Headers, told: Told}>} body is null for 204
 */
export async function send(method, path, body, options = {}) {
  const late = AbortSignal.timeout((options.seconds ?? SECONDS) * MS);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  try {
    const response = await answered(method, path, body, { ...options, signal });
    return { body: await content(response), headers: response.headers, told: told(response.headers) };
  } catch (error) {
    throw fault(error, options.signal);
  }
}

/**
 * The events of a streamed completion: chunks, and comments while a held model boots. Leaving the loop or aborting ends the generation.
 *
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 * @param {{headers?: Record<string, string>, onTold?: (told: Told) => void, seconds?: number}} [options] seconds: to the first byte
 * @returns {AsyncGenerator<StreamEvent, void, void>}
 */
export async function* stream(path, body, signal, options = {}) {
  const ended = new AbortController();
  const both = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  /** @param {number} seconds */
  const within = (seconds) => (/** @type {Promise<any>} */ work) => inTime(work, seconds, ended);
  try {
    const first = within(options.seconds ?? SECONDS_TO_FIRST_EVENT);
    const response = await first(answered("POST", path, body, { headers: options.headers, signal: both }));
    const heard = told(response.headers);
    options.onTold?.(heard);
    yield* readEvents(response.body, within(SECONDS_BETWEEN_EVENTS), heard.requestId);
  } catch (error) {
    throw signal?.aborted ? signal.reason : fault(error, signal);
  } finally {
    ended.abort(); // the service stops what nobody reads any more
  }
}

/** What a completion says in its headers. @param {Headers} headers @returns {Told} */
export function told(headers) {
  /** @param {string} name */
  const number = (name) => (headers.has(name) ? Number(headers.get(name)) : null);
  return {
    limit: number("x-ratelimit-limit-tokens"),
    remaining: number("x-ratelimit-remaining-tokens"),
    reset: headers.get("x-ratelimit-reset-tokens"),
    queueWait: number("x-queue-wait-ms"),
    requestId: headers.get("x-request-id"),
  };
}

/**
 * A response that is not a refusal. A token that another tab's sign-in made stale is renewed once.
 *
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Options} options
 */
async function answered(method, path, body, options) {
  let response = await ask(method, path, body, options);
  if (response.ok) return response;
  let error = refusal(response, await content(response));
  if (error.code === "csrf") {
    await session.renew();
    response = await ask(method, path, body, options);
    if (response.ok) return response;
    error = refusal(response, await content(response));
  }
  if (error.code === "not_signed_in") session.ended();
  throw error;
}

/** @param {string} method @param {string} path @param {unknown} body @param {Options} options */
function ask(method, path, body, { headers, signal }) {
  const sent = new Headers({ accept: "application/json", ...headers });
  if (method !== "GET") sent.set("x-csrf-token", session.csrf);
  if (method !== "GET") sent.set("content-type", "application/json");
  /** @type {RequestInit} */
  const request = { method, headers: sent, credentials: "same-origin", cache: "no-store", redirect: "error" };
  if (signal) request.signal = signal;
  if (body !== undefined) request.body = JSON.stringify(body);
  return fetch(path, request);
}

/** @param {Response} response @returns {Promise<any>} null where there is none, or none that is JSON */
async function content(response) {
  if (response.status === 204) return null;
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    if (response.ok) throw refusal(response, null);
    return null;
  }
}

/** @template T @param {Promise<T>} work @param {number} seconds @param {AbortController} ended @returns {Promise<T>} */
function inTime(work, seconds, ended) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new DOMException("late", "TimeoutError"));
      ended.abort();
    }, seconds * MS);
  });
  return /** @type {Promise<T>} */ (Promise.race([work, late])).finally(() => clearTimeout(timer));
}
