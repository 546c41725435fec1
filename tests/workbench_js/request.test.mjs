import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Document } from "../../workbench/static/app/workbench/document.js";
import { bounds, checked, fieldsOf, newSeed, stopsOf, stopsText } from "../../workbench/static/app/workbench/parameters.js";
import { completionBody, firstUnseen, lensBody } from "../../workbench/static/app/workbench/request.js";
import { curl, literal, lmEval, python } from "../../workbench/static/app/workbench/snippets.js";
import { doc, raw, seen, t } from "./pieces.mjs";

/** The service's own schema, which the test's caller wrote to this file. */
const fields = process.env.OPENAPI ? fieldsOf(JSON.parse(readFileSync(process.env.OPENAPI, "utf8"))) : [];
const settings = { model: "pico", values: {}, k: 5, seed: 7 };

/** @param {string} name */
function field(name) {
  const found = fields.find((each) => each.name === name);
  assert.ok(found, `no field ${name}`);
  return found;
}

test("kinds, bounds and defaults come from the schema", () => {
  const { kind, only, least, most } = field("temperature");
  assert.deepEqual([kind, only, least, most], ["number", 0, 0.01, 2]);
  assert.equal(bounds(field("temperature")), "0 or 0.01 to 2");
  assert.equal(bounds(field("top_p")), "above 0 to 1");
  assert.equal(field("max_tokens").default, 16);
  assert.equal(field("logit_bias").kind, "bias");
  assert.equal(field("stop").kind, "texts");
});

test("what is out of bounds is told by the service's own rule", () => {
  for (const [name, text] of [["temperature", "0.001"], ["temperature", "2.1"], ["top_p", "0"], ["top_k", "0"], ["n", "1.5"], ["n", "x"], ["stop_token_ids", "1,-2"]]) {
    assert.match(/** @type {any} */ (checked(field(name ?? ""), text ?? "")).fault, /^Must be /, `${name} ${text}`);
  }
  assert.deepEqual(checked(field("temperature"), "0"), { value: 0 });
  assert.deepEqual(checked(field("top_k"), "-1"), { value: -1 });
  assert.deepEqual(checked(field("stop_token_ids"), "1, 2"), { value: [1, 2] });
  assert.deepEqual(checked(field("seed"), " "), { value: undefined });
  assert.match(/** @type {any} */ (checked(field("seed"), "9007199254740993")).fault, /2\^53/);
});

test("stop strings have escapes for what a line cannot hold", () => {
  assert.deepEqual(stopsOf("a\\n\n\\\\n"), ["a\n", "\\n"]);
  assert.deepEqual(stopsOf(stopsText(["a\n", "\\n", "\t"])), ["a\n", "\\n", "\t"]);
});

test("a seed is one that a browser counts exactly", () => {
  assert.equal(newSeed(() => 0.5), 2 ** 30);
});

test("a run sends the exact ids, and asks for the prompt's lens from the first token without one", () => {
  const body = completionBody(doc(t(0, ""), seen(1, "a", -1, [[1, -1], [2, -2], [3, -3], [4, -4], [5, -5]]), t(2, "b")), settings);
  assert.deepEqual(body.prompt, [0, 1, 2]);
  assert.equal(body.prompt_logprobs_start, 2);
  assert.equal(body.stream, true);
});

test("a prompt that is known needs no lens again", () => {
  assert.equal(firstUnseen(doc(t(0, ""), seen(1, "a", -1)), 1), null);
  assert.equal("prompt_logprobs" in completionBody(doc(t(0, "")), settings), false);
});

test("text goes as text only while its ids are not known", () => {
  assert.equal(lensBody(new Document([raw("a")]), settings).prompt, "a");
  assert.equal(lensBody(new Document([raw("a")]), settings).max_tokens, 0);
});

test("a choice of the best of several cannot stream", () => {
  assert.equal("stream" in completionBody(doc(t(0, "")), { ...settings, values: { n: 1, best_of: 3 } }), false);
});

test("snippets say what was sent", () => {
  const body = { model: "pico", prompt: [1, 2], top_k: 5, temperature: 0, stop: ["it's"], stream: true };
  assert.match(curl(body), /'\\''s/);
  assert.match(python(body), /extra_body=\{"top_k": 5\}/);
  assert.match(python(body), /prompt=\[1, 2\],/);
  assert.match(lmEval(body), /m\/pico\/v1\/completions/);
  assert.equal(literal({ a: [true, null, "x\u202e"] }), '{"a": [True, None, "x\\u202e"]}');
});
