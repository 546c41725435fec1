/**
 * Server-sent events of `/v1/completions`, read as they arrive.
 *
 * @typedef {{kind: "data", data: any}} DataEvent a chunk
 * @typedef {{kind: "comment", text: string, fields: Record<string, string>}} CommentEvent `: cold_boot phase=loading eta=42`
 * @typedef {DataEvent | CommentEvent} StreamEvent
 */

import { ApiError } from "./api_error.js";

const DONE = "[DONE]";

/**
 * Ends after `[DONE]`; throws ApiError for an error event, and `cut` where the stream ends without `[DONE]`.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @param {(read: Promise<any>) => Promise<any>} inTime gives each read its time-out
 * @param {string | null} requestId
 * @returns {AsyncGenerator<StreamEvent, void, void>}
 */
export async function* readEvents(body, inTime, requestId) {
  for await (const block of blocks(body, inTime)) {
    const event = parse(block);
    if (event === null) continue;
    if (event === DONE) return;
    if (event.kind === "data" && event.data.error) throw new ApiError(200, event.data.error, { requestId });
    yield event;
  }
  throw new ApiError(200, { message: "The stream ended before it was complete.", code: "cut" }, { requestId });
}

/** The texts between blank lines. @param {ReadableStream<Uint8Array>} body @param {(read: Promise<any>) => Promise<any>} inTime */
async function* blocks(body, inTime) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
  } finally {
    reader.cancel().catch(() => undefined); // the service stops generating as soon as nobody reads
  }
}

/** @param {string} block @returns {StreamEvent | typeof DONE | null} */
function parse(block) {
  if (block.startsWith(": ")) return { kind: "comment", text: block.slice(2), fields: fieldsOf(block) };
  if (!block.startsWith("data: ")) return null;
  const data = block.slice(6);
  return data === DONE ? DONE : { kind: "data", data: JSON.parse(data) };
}

/** @param {string} comment @returns {Record<string, string>} */
function fieldsOf(comment) {
  const pairs = [...comment.matchAll(/(\w+)=(\S+)/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}
