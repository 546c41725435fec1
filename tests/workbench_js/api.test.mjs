import assert from "node:assert/strict";
import http from "node:http";
import { after, beforeEach, test } from "node:test";

import { ApiError, get, isAbort, keepSession, post, send, stream } from "../../workbench/static/app/api.js";

/** What the server does with the next requests: (request, response) => void */
let answer = (_request, response) => response.end("{}");
const server = http.createServer((request, response) => answer(request, response));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const base = `http://127.0.0.1:${server.address().port}`;

after(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => keepSession({ csrf: "token", renew: async () => undefined, ended: () => undefined }));

/** @param {number} status @param {object} error @param {object} [headers] */
function refuse(status, error, headers = {}) {
  answer = (_request, response) => response.writeHead(status, headers).end(JSON.stringify({ error }));
}

/** @param {(response: http.ServerResponse) => void} write */
function streams(write, headers = {}) {
  answer = (_request, response) => write(response.writeHead(200, { "content-type": "text/event-stream", ...headers }));
}

async function all(events) {
  const seen = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test("a refusal is an ApiError with all that the service said", async () => {
  const details = [{ param: "top_p", code: "invalid_value", message: "too large" }, { param: "n", code: "invalid_value", message: "too small" }];
  refuse(429, { message: "wait", type: "rate_limit_error", code: "queue_full", param: null, details }, { "retry-after": "7", "x-request-id": "r1" });
  await assert.rejects(get(`${base}/`), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code, error.retryAfter, error.requestId], [429, "queue_full", 7, "r1"]);
    assert.deepEqual(error.faults.map(({ param }) => param), ["top_p", "n"]);
    return true;
  });
});

test("an answer that is no JSON, none at all and a late one have codes of their own", async () => {
  answer = (_request, response) => response.writeHead(502).end("<html>");
  await assert.rejects(get(`${base}/`), { code: "unreadable", status: 502 });
  answer = (_request, response) => response.writeHead(200).end("<html>");
  await assert.rejects(get(`${base}/`), { code: "unreadable" });
  answer = () => undefined;
  await assert.rejects(get(`${base}/`, { seconds: 0.05 }), { code: "timeout" });
  answer = (request) => request.socket.destroy();
  await assert.rejects(get(`${base}/`), { code: "unreachable" });
});

test("unsafe methods carry the token, and one that another tab made stale is renewed once", async () => {
  let renewed = 0;
  keepSession({ csrf: "stale", renew: async () => void (keepSession({ csrf: "fresh" }), renewed++) });
  answer = (request, response) => {
    const good = request.headers["x-csrf-token"] === "fresh" && request.headers["content-type"] === "application/json";
    response.writeHead(good ? 200 : 403).end(JSON.stringify(good ? { done: true } : { error: { code: "csrf", message: "stale" } }));
  };
  assert.deepEqual(await post(`${base}/`, {}), { done: true });
  assert.equal(renewed, 1);
  keepSession({ csrf: "stale", renew: async () => undefined });
  await assert.rejects(post(`${base}/`, {}), { code: "csrf" });
});

test("the end of the session is told, a wrong password is not that", async () => {
  let ended = 0;
  keepSession({ ended: () => void ended++ });
  refuse(401, { code: "bad_credentials", message: "no" });
  await assert.rejects(post(`${base}/`), { code: "bad_credentials" });
  assert.equal(ended, 0);
  refuse(401, { code: "not_signed_in", message: "no" });
  await assert.rejects(get(`${base}/`), { code: "not_signed_in" });
  assert.equal(ended, 1);
});

test("what the headers of a completion say is handed out", async () => {
  answer = (_request, response) => response.writeHead(200, { "x-ratelimit-remaining-tokens": "55", "x-queue-wait-ms": "3" }).end("{}");
  const { told } = await send("POST", `${base}/`, {});
  assert.deepEqual(told, { limit: null, remaining: 55, reset: null, queueWait: 3, requestId: null });
});

test("chunks and comments come as they were sent, however the bytes are cut", async () => {
  const bytes = Buffer.from(': cold_boot phase=loading eta=42\n\ndata: {"text":"é😀"}\n\ndata: [DONE]\n\n');
  streams(async (response) => {
    for (const byte of bytes) await new Promise((sent) => response.write(Buffer.from([byte]), sent));
    response.end();
  });
  assert.deepEqual(await all(stream(`${base}/`, {})), [
    { kind: "comment", text: "cold_boot phase=loading eta=42", fields: { phase: "loading", eta: "42" } },
    { kind: "data", data: { text: "é😀" } },
  ]);
});

test("an error in the stream is thrown, and so is an end without [DONE]", async () => {
  streams((response) => response.end('data: {"a":1}\n\ndata: {"error":{"code":"engine_error","message":"m"}}\n\ndata: [DONE]\n\n'));
  await assert.rejects(all(stream(`${base}/`, {})), { code: "engine_error" });
  streams((response) => response.end('data: {"a":1}\n\n'));
  await assert.rejects(all(stream(`${base}/`, {})), { code: "cut" });
});

test("whoever stops reading, or aborts, closes the connection", async () => {
  for (const leave of ["break", "abort"]) {
    const closed = new Promise((done) => streams((response) => response.on("close", () => done(true)).write('data: {"a":1}\n\n')));
    const control = new AbortController();
    const read = async () => {
      for await (const _ of stream(`${base}/`, {}, control.signal)) {
        if (leave === "break") break;
        control.abort();
      }
    };
    if (leave === "break") await read();
    else await assert.rejects(read(), isAbort);
    assert.equal(await closed, true);
  }
});
