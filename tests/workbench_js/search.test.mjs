import assert from "node:assert/strict";
import { test } from "node:test";

import { found } from "../../workbench/static/app/docs/search.js";

const ENTRIES = [
  { page: "Models", address: "/docs/models", title: "Models", text: "A request with a seed wakes it." },
  { page: "Batch rollouts", address: "/docs/batch-rollouts#seeds", title: "Seeds", text: "The same tokens." },
];

/** @param {string} words */
const addresses = (words) => found(ENTRIES, words).map(({ address }) => address);

test("a heading with the word comes before a text with it", () => {
  assert.deepEqual(addresses("SEED"), ["/docs/batch-rollouts#seeds", "/docs/models"]);
});

test("every word must be there, in the heading, the text or the page's title", () => {
  assert.deepEqual(addresses("seed rollouts"), ["/docs/batch-rollouts#seeds"]);
  assert.deepEqual(addresses("seed nothing"), []);
});

test("no word finds nothing", () => assert.deepEqual(addresses("  "), []));
