import assert from "node:assert/strict";
import { test } from "node:test";

import { firstWord } from "../../workbench/static/app/workbench/edits.js";
import { atMost, branches, filled, followed, ordered, zoomed } from "../../workbench/static/app/workbench/explore.js";
import { t } from "./pieces.mjs";

const nat = -1; // of logprob
const root = { ids: [], logprob: 0, total: 0 };
const leaves = [
  { ids: [1], logprob: nat, total: nat },
  { ids: [2], logprob: nat / 2, total: nat / 2 },
  { ids: [1, 3], logprob: nat, total: 2 * nat },
  { ids: [1, 3, 4], logprob: nat, total: 3 * nat },
];

test("a search goes as deep, as wide and as far as it is told", () => {
  const limits = { width: 2, depth: 2, cut: 0.3 };
  const found = branches(root, [[5, nat], [6, 2 * nat], [7, -9]], limits);
  assert.deepEqual(found.map(({ ids, total }) => [ids, total]), [[[5], nat], [[6], 2 * nat]]);
  assert.deepEqual(found.map((leaf) => followed(leaf, limits)), [true, false]);
  assert.equal(followed({ ids: [5, 6], logprob: 0, total: 0 }, limits), false);
  assert.equal(atMost({ width: 4, depth: 3, cut: 0 }), 1 + 4 + 16);
});

test("each continuation stands under the one that it goes on from, the likeliest first", () => {
  assert.deepEqual(ordered(leaves).map(({ ids }) => ids), [[2], [1], [1, 3], [1, 3, 4]]);
});

test("looked at alone, what follows is as likely as if its beginning were certain", () => {
  assert.deepEqual(zoomed(leaves, []), leaves);
  assert.deepEqual(zoomed(leaves, [1]).map(({ ids, total }) => [ids, total]), [[[3], nat], [[3, 4], 2 * nat]]);
  assert.deepEqual(zoomed(leaves, [2]), []);
});

test("a logarithmic bar ends at one in ten thousand", () => {
  assert.equal(filled(0, true), 1);
  assert.equal(filled(Math.log(0.01), true).toFixed(6), "0.500000");
  assert.equal(filled(Math.log(1e-6), true), 0);
  assert.equal(filled(nat, false), 1 / Math.E);
});

test("the first word of a preview ends where the next begins, whatever its tokens are", () => {
  assert.equal(firstWord([t(1, " un"), t(2, "like"), t(3, " most")]), 2);
  assert.equal(firstWord([t(1, "\n"), t(2, "One"), t(3, " two")]), 2);
  assert.equal(firstWord([t(1, " "), t(2, "", { part: true }), t(3, "🦆"), t(4, "\n")]), 3);
  assert.equal(firstWord([t(1, "word")]), 1);
  assert.equal(firstWord([]), 0);
});
