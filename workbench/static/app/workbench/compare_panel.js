/** One text as two models read it, or as one model reads it with and without what stands before: what each gives every token. */

import { html, useState } from "../../vendor/preact.js";
import { compared, leaning } from "./compare.js";
import { Document } from "./document.js";
import { withRows } from "./fold.js";
import { lensBody } from "./request.js";
import { run } from "./running.js";
import { SettingsComparePanel } from "./settings_compare_panel.js";
import { visible } from "./spelling.js";
import { guarded, known } from "./stage.js";
import * as state from "./state.js";
import { withIds } from "./tokenizing.js";

/** @typedef {import("./compare.js").Pair} Pair */

/** Pairs that are drawn. */
const MOST_SHOWN = 3000;
const NO_BOS = "without its first token";

export function ComparePanel() {
  const [other, setOther] = useState("");
  const [result, setResult] = useState(/** @type {{one: string, other: string, pairs: Pair[]} | null} */ (null));
  const choices = [...state.models.value.map(({ id }) => id).filter((id) => id !== state.modelId.value), `${state.modelId.value} ${NO_BOS}`];
  const chosen = choices.includes(other) ? other : (choices[0] ?? "");
  const press = () => guarded(async () => setResult({ one: state.modelId.value, other: chosen, pairs: await pairsWith(chosen) }));
  return html`<div class="stack">
    <div class="row"><span>${state.modelId.value} and</span>
      <select class="input grow" aria-label="The other" value=${chosen} onChange=${(/** @type {any} */ event) => setOther(event.currentTarget.value)}>${choices.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select>
      <button type="button" class="button primary" disabled=${state.running.value !== null || !state.text.value.length} onClick=${press}>Compare</button></div>
    ${result ? html`<${Difference} ...${result} />` : html`<p class="soft small">Both read the whole text; nothing is generated. Each token is then coloured by who expected it more.</p>`}
    <${SettingsComparePanel} />
  </div>`;
}

/** @param {string} other @returns {Promise<Pair[]>} */
async function pairsWith(other) {
  const document = await known(state.text.value);
  const mine = await read(document, state.modelId.value);
  const without = other.endsWith(NO_BOS);
  const theirs = without ? new Document(document.pieces.slice(1)) : await withIds(Document.typed(document.text), other);
  return compared(mine, await read(theirs, without ? state.modelId.value : other));
}

/** The whole text as a model reads it. @param {Document} document @param {string} model */
async function read(document, model) {
  const card = state.models.value.find(({ id }) => id === model) ?? null;
  const plain = new Document(document.pieces, 0);
  const outcome = await run(lensBody(plain, { model, k: 1 }), "lens", () => {}, plain);
  const pieces = withRows(plain.pieces, plain.promptPieces, outcome.choices[0]?.rows ?? new Map(), state.vocabulary(card), model);
  return new Document(pieces, pieces.length);
}

/** @param {{one: string, other: string, pairs: Pair[]}} props */
function Difference({ one, other, pairs }) {
  const both = pairs.filter((pair) => pair.one !== null && pair.other !== null);
  const bits = (/** @type {"one" | "other"} */ side) => -both.reduce((sum, pair) => sum + /** @type {number} */ (pair[side]), 0) / Math.LN2;
  const apart = [...both].sort((a, b) => Math.abs(/** @type {number} */ (b.one) - /** @type {number} */ (b.other)) - Math.abs(/** @type {number} */ (a.one) - /** @type {number} */ (a.other)));
  return html`<div class="stack">
    <dl class="facts small"><div><dt>${one}</dt><dd class="number">${bits("one").toFixed(1)} bits</dd></div><div><dt>${other}</dt><dd class="number">${bits("other").toFixed(1)} bits</dd></div></dl>
    <p class="small row"><span class="leaning one">expected more by ${one}</span><span class="leaning other">by ${other}</span></p>
    <div class="difference verbatim" tabindex="0">${pairs.slice(0, MOST_SHOWN).map((pair, index) => html`<span key=${index} class=${leaningClass(pair)} title=${told(pair)}>${lines(pair.text)}</span>`)}</div>
    <table class="table"><caption>Furthest apart</caption><thead><tr><th>Text</th><th class="right">${one}</th><th class="right">${other}</th><th class="right">Δ</th></tr></thead>
      <tbody>${apart.slice(0, 12).map((pair, index) => html`<tr key=${index}><td><code class="verbatim">${visible(pair.text, 24)}</code></td>
        <td class="right number">${pair.one?.toFixed(2)}</td><td class="right number">${pair.other?.toFixed(2)}</td><td class="right number">${(/** @type {number} */ (pair.other) - /** @type {number} */ (pair.one)).toFixed(2)}</td></tr>`)}</tbody></table>
  </div>`;
}

/** Line ends stay, all else that hides is shown. @param {string} text */
function lines(text) {
  return text.split("\n").map((line) => visible(line, 2000).replaceAll("␣", " ")).join("\n");
}

/** @param {Pair} pair */
function leaningClass(pair) {
  const step = Math.round(leaning(pair) * 3);
  return step === 0 ? "" : step < 0 ? `one-${-step}` : `other-${step}`;
}

/** @param {Pair} pair */
function told({ one, other }) {
  return one === null || other === null ? "not read by both" : `${one.toFixed(3)} and ${other.toFixed(3)}: ${(other - one).toFixed(3)}`;
}
