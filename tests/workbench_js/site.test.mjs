import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, counted, duration, percent, short, size, whole } from "../../workbench/static/app/format.js";
import { inWords } from "../../workbench/static/app/models/windows.js";
import { nextPage } from "../../workbench/static/app/session.js";
import { countOf, tokensOf } from "../../workbench/static/app/tokens.js";
import { later } from "../../workbench/static/app/usage/month.js";
import { daily, daysIn, modelsOf, total } from "../../workbench/static/app/usage/sums.js";

const counts = { requests: 1, prompt_tokens: 10, completion_tokens: 5, errors: 0 };

test("numbers of tokens are read as people type them", () => {
  const read = ["250000", "250,000", "250k", "1.5M", " 2 000 ", ""].map((text) => tokensOf(text, "cap"));
  assert.deepEqual(read, [250_000, 250_000, 250_000, 1_500_000, 2000, null]);
  for (const text of ["a lot", "-5", "1e9", "1.5.2", "99999999999999999"]) assert.throws(() => tokensOf(text, "cap"), { param: "cap" });
  assert.equal(countOf("8", "concurrency"), 8);
  assert.throws(() => countOf("8.5", "concurrency"), { param: "concurrency" });
});

test("after signing in, only a page of this site is gone to", () => {
  globalThis.location = /** @type {any} */ ({ origin: "https://site.example" });
  assert.equal(nextPage("#next=%2Fusage%23prompt%3D1"), "https://site.example/usage#prompt=1");
  for (const hostile of ["", "https://evil.example/", "//evil.example/", "/%5Cevil.example", "javascript:alert(1)", "/.//evil.example", "http://["]) {
    assert.equal(new URL(nextPage(`#next=${hostile}`), location.origin).origin, location.origin, hostile);
  }
});

test("a month is added up by day and model, the models that used most first", () => {
  const by_model = [{ model: "pico", ...counts }, { model: "nano", ...counts, prompt_tokens: 100 }, { model: "none", ...counts, prompt_tokens: 0, completion_tokens: 0 }];
  assert.deepEqual(modelsOf(by_model), ["nano", "pico"]);
  assert.equal(total(by_model).prompt_tokens, 110);
  const report = /** @type {any} */ ({ month: "2026-02", by_day: [{ day: "2026-02-03", model: "pico", ...counts }] });
  const [nano, pico] = daily(report, ["nano", "pico"]);
  assert.equal(nano?.length, 28);
  assert.deepEqual([pico?.[1], pico?.[2], nano?.[2]], [0, 15, 0]);
});

test("months go on over the end of a year", () => {
  assert.deepEqual([later("2026-12", 1), later("2026-01", -1), daysIn("2028-02")], ["2027-01", "2025-12", 29]);
});

test("numbers and times are written for people", () => {
  assert.deepEqual([whole(1_234_567), whole(null), short(1_234_567), percent(0.004), percent(0.5)], ["1,234,567", "–", "1.23M", "<1 %", "50 %"]);
  assert.deepEqual([duration(5.4), duration(125), duration(7260), duration(null)], ["5 s", "2 min 5 s", "2 h 1 min", "–"]);
  assert.deepEqual([size(0), size(1536), size(3e9)], ["0 B", "1.5 kB", "3.0 GB"]);
  assert.deepEqual([counted(1, "replica"), counted(2, "replica")], ["1 replica", "2 replicas"]);
  assert.deepEqual([ago(null), ago(Date.now() / 1000 - 120), ago("nonsense")], ["never", "2 minutes ago", "never"]);
});

test("a warm window is said in words", () => {
  const window = { days: ["mon", "tue", "wed", "thu", "fri"], opens: "08:00", closes: "18:00", time_zone: "Europe/Prague" };
  assert.equal(inWords(window), "Mon–Fri 08:00–18:00 (Europe/Prague)");
  assert.equal(inWords({ ...window, days: ["sun", "mon"] }), "Mon, Sun 08:00–18:00 (Europe/Prague)");
  assert.equal(inWords({ ...window, days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }), "daily 08:00–18:00 (Europe/Prague)");
});
