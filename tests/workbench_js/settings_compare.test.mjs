import assert from "node:assert/strict";
import { test } from "node:test";

import { afterSampler, meanLogprob, parted } from "../../workbench/static/app/workbench/settings_compare.js";
import { seen, t } from "./pieces.mjs";

const HALF = Math.log(0.5);
const QUARTER = Math.log(0.25);
const top = /** @type {[number, number][]} */ ([[1, HALF], [2, QUARTER], [3, QUARTER]]);

test("a token has what either sampler left it", () => {
  assert.ok(Math.abs((afterSampler(seen(1, "a", HALF, top), {}) ?? 0) - HALF) < 1e-9);
  assert.equal(afterSampler(seen(1, "a", HALF, top), { top_k: 1 }), 0);
  assert.equal(afterSampler(seen(2, "b", QUARTER, top), { top_k: 1 }), -9999);
  assert.equal(afterSampler(t(9, "x"), {}), null);
});

test("two samples are compared up to the first token that differs, and not after it", () => {
  const one = [seen(1, "a", HALF, top), seen(2, "b", QUARTER, top), seen(1, "a", HALF, top)];
  const other = [seen(1, "a", HALF, top), seen(1, "a", HALF, top), seen(1, "a", HALF, top)];
  const pair = parted(one, other, [{}, { top_k: 1 }]);
  assert.equal(pair.agreed, 1);
  assert.deepEqual(pair.one.map((step) => step.parted), [false, true, false]);
  assert.equal(pair.one[0]?.other, 0);
  assert.deepEqual([pair.one[2]?.one, pair.one[2]?.other], [null, null]);
});

test("samples that are alike part nowhere, and an empty one has no mean", () => {
  const same = [seen(1, "a", HALF, top)];
  assert.equal(parted(same, same, [{}, {}]).agreed, 1);
  assert.equal(parted(same, same, [{}, {}]).one.some((step) => step.parted), false);
  assert.equal(meanLogprob(same), HALF);
  assert.equal(meanLogprob([]), null);
});
