import assert from "node:assert/strict";
import { test } from "node:test";

import { bounded, found, pastRuns, remember, speed } from "../../workbench/static/app/workbench/run_history.js";
import { doc, t } from "./pieces.mjs";

/** @param {object} [more] */
function ran(more = {}) {
  const choice = { tokens: 3, finish: "length", pieces: () => [t(2, " two"), t(3, " three")] };
  const outcome = { choices: [choice], requestId: "req-7", fingerprint: null, usage: { prompt_tokens: 1 }, stopped: false, first: 120, rows: new Map() };
  remember(/** @type {any} */ ({ what: "run", body: { model: "pico", prompt: [1], temperature: 0.5 }, head: doc(t(1, "One")), outcome, fault: null, since: 100, at: "2026-11-23T08:00:00.000Z", queueMs: 4, ...more }));
  return /** @type {import("../../workbench/static/app/workbench/run_history.js").PastRun} */ (pastRuns.value[0]);
}

test("a run is remembered with what it took, the newest first", () => {
  const first = ran();
  assert.deepEqual([first.firstMs, first.tokens, first.promptTokens, first.finish, first.queueMs, first.requestId], [20, 3, 1, "length", 4, "req-7"]);
  assert.equal(ran({ what: "lens" }), pastRuns.value[0]);
  assert.equal(pastRuns.value[1], first);
});

test("a run that was stopped or failed says so", () => {
  const outcome = { choices: [], requestId: null, fingerprint: null, usage: null, stopped: true, first: null };
  assert.deepEqual([ran({ outcome }).finish, ran({ outcome }).firstMs, speed(ran({ outcome }))], ["stopped by you", null, null]);
  assert.match(ran({ outcome: { ...outcome, stopped: false }, fault: new Error("secret") }).finish, /^Something on this page failed/);
});

test("a search looks into texts, parameters and ids, for all of its words", () => {
  const runs = [ran()];
  for (const text of ["one", "TWO three", "temperature", "pico", "req-7", "length", "one req-7", ""]) assert.equal(found(runs, text).length, 1, text);
  for (const text of ["four", "one four"]) assert.equal(found(runs, text).length, 0, text);
});

test("old runs go, by their number and by their tokens", () => {
  const one = ran();
  assert.equal(bounded(Array(1000).fill(one)).length, 300);
  assert.equal(bounded(Array(10).fill({ ...one, tokens: 20_000 })).length, 2);
  assert.equal(bounded([{ ...one, tokens: 60_000 }, one]).length, 1);
});

test("speed is that of the tokens after the first", () => {
  assert.equal(speed({ ...ran(), tokens: 11, firstMs: 500, ms: 1500 }), 10);
  assert.equal(speed({ ...ran(), tokens: 1, firstMs: 500, ms: 1500 }), null);
});
