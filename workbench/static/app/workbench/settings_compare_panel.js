/** One text gone on with under two settings of the sampler, with the same seeds, side by side. The document stays as it is. */

import { html, useState } from "../../vendor/preact.js";
import { leaning } from "./compare.js";
import { checked } from "./parameters.js";
import { completionBody } from "./request.js";
import { run } from "./running.js";
import { meanLogprob, parted } from "./settings_compare.js";
import { visible } from "./spelling.js";
import { guarded, known, lock } from "./stage.js";
import * as state from "./state.js";

/** @typedef {import("./document.js").Piece} Piece @typedef {import("./settings_compare.js").Step} Step */
/** @typedef {{samples: [Piece[][], Piece[][]], settings: [Record<string, any>, Record<string, any>]}} Result */

/** What the second setting may change. */
const NAMES = ["temperature", "top_p", "top_k", "min_p", "repetition_penalty"];
const COUNTS = [1, 2, 4, 8];

export function SettingsComparePanel() {
  const [typed, setTyped] = useState(/** @type {Record<string, string>} */ ({}));
  const [count, setCount] = useState(2);
  const [result, setResult] = useState(/** @type {Result | null} */ (null));
  const { changes, faults } = changed(typed);
  const ready = Object.keys(changes).length > 0 && Object.keys(faults).length === 0 && state.running.value === null && state.text.value.length > 0;
  const press = () => guarded(async () => setResult(await samples(changes, count)));
  return html`<section class="stack" aria-label="Two settings">
    <h2>Two settings</h2>
    <p class="soft small">The same text and the same seeds: once as set under Parameters, once with what you change here.</p>
    <div class="second-setting">${NAMES.map((name) => html`<${Change} key=${name} name=${name} typed=${typed[name] ?? ""} fault=${faults[name]} onType=${(/** @type {string} */ text) => setTyped({ ...typed, [name]: text })} />`)}
      <label><span class="label">samples of each</span><select class="input" value=${count} onChange=${(/** @type {any} */ event) => setCount(Number(event.currentTarget.value))}>${COUNTS.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select></label></div>
    <div class="row"><button type="button" class="button primary" disabled=${!ready} onClick=${press}>Sample both</button></div>
    ${result ? html`<${Samples} ...${result} />` : null}
  </section>`;
}

/** @param {{name: string, typed: string, fault: string | undefined, onType: (text: string) => void}} props */
function Change({ name, typed, fault, onType }) {
  const field = state.fields.value.find((each) => each.name === name);
  const now = state.values.value[name] ?? field?.default ?? "";
  return html`<label><span class="label">${name}</span>
    <input class="input" inputmode="decimal" placeholder=${String(now)} value=${typed} aria-label=${`Second ${name}`} aria-invalid=${fault ? "true" : undefined} onInput=${(/** @type {any} */ event) => onType(event.currentTarget.value)} />
    ${fault ? html`<span class="small fault" role="alert">${fault}</span>` : null}</label>`;
}

/** What was typed, checked against the bounds that the service declares. @param {Record<string, string>} typed */
function changed(typed) {
  /** @type {Record<string, any>} */
  const changes = {};
  /** @type {Record<string, string>} */
  const faults = {};
  for (const field of state.fields.value.filter(({ name }) => NAMES.includes(name))) {
    const found = checked(field, typed[field.name] ?? "");
    if ("fault" in found) faults[field.name] = found.fault;
    else if (found.value !== undefined) changes[field.name] = found.value;
  }
  return { changes, faults };
}

/** @param {Record<string, any>} changes @param {number} count @returns {Promise<Result | null>} null if it was stopped between the two */
async function samples(changes, count) {
  lock(true);
  const document = await known(state.text.value);
  const { best_of: _, ...values } = state.values.value;
  const settings = /** @type {Result["settings"]} */ ([{ ...values, n: count }, { ...values, ...changes, n: count }]);
  const asked = { model: state.modelId.value, k: Math.min(state.likeliest.value, state.model.value?.max_logprobs ?? 100), seed: state.seed.value };
  /** @type {Piece[][][]} */
  const found = [];
  for (const each of settings) {
    const outcome = await run(completionBody(document, { ...asked, values: each }), "run", () => {}, document);
    if (outcome.stopped) return null;
    found.push(outcome.choices.map((choice) => choice.pieces()));
  }
  return { samples: [found[0] ?? [], found[1] ?? []], settings };
}

/** @param {Result} props */
function Samples({ samples: [first, second], settings }) {
  const told = Object.entries(settings[1]).filter(([name, value]) => value !== settings[0][name]).map(([name, value]) => `${name} ${value}`).join(", ");
  return html`<div class="stack" role="status">
    <p class="small row"><span class="leaning one">likelier as set</span><span class="leaning other">likelier with ${told}</span></p>
    <ol class="samples" aria-label="Samples">${first.map((pieces, index) => html`<${Sample} key=${index} one=${pieces} other=${second[index] ?? []} settings=${settings} />`)}</ol>
    <p class="small soft">Colours compare what either sampler gave a token that both came to; penalties are left out of that. From the first mark on the two are different texts.</p>
  </div>`;
}

/** @param {{one: Piece[], other: Piece[], settings: Result["settings"]}} props */
function Sample({ one, other, settings }) {
  const pair = parted(one, other, settings);
  const all = pair.agreed === one.length && pair.agreed === other.length;
  return html`<li><p class="small soft">${all ? "the same" : `the same for ${pair.agreed} tokens`} · mean logprob ${mean(one)} and ${mean(other)}</p>
    <div class="side-by-side verbatim"><div dir="auto">${pair.one.map(Token)}</div><div dir="auto">${pair.other.map(Token)}</div></div></li>`;
}

/** @param {Piece[]} pieces */
function mean(pieces) {
  return meanLogprob(pieces)?.toFixed(2) ?? "–";
}

/** @param {Step} step @param {number} index */
function Token(step, index) {
  const { one, other, text } = step;
  const lean = Math.round(leaning({ text, one, other }) * 3);
  const look = [lean < 0 ? `one-${-lean}` : lean > 0 ? `other-${lean}` : "", step.parted ? "parted" : ""].join(" ").trim();
  const title = one === null || other === null ? undefined : `${Math.exp(one).toFixed(3)} and ${Math.exp(other).toFixed(3)}`;
  return html`<span key=${index} class=${look} title=${title}>${visible(text, 40).replaceAll("␣", " ")}</span>`;
}
