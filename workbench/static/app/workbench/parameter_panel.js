/** The sampling parameters with the service's own bounds, defaults and rules; faults stand at their field. */

import { html, useId, useState } from "../../vendor/preact.js";
import { BiasEditor } from "./bias_editor.js";
import { bounds, checked, newSeed, stopsOf, stopsText } from "./parameters.js";
import * as state from "./state.js";

/** @typedef {import("./parameters.js").Field} Field */

export function ParameterPanel() {
  const fields = state.fields.value;
  const plain = fields.filter(({ kind, name }) => (kind === "number" || kind === "integer") && name !== "seed");
  const others = fields.filter(({ kind }) => kind === "boolean" || kind === "texts" || kind === "ids");
  const bias = fields.find(({ kind }) => kind === "bias");
  return html`<div class="stack">
    <${General} />
    <div class="parameters">
      ${plain.map((field) => html`<${NumberField} key=${field.name} field=${field} />`)}
      <${Seed} />
      <${Likeliest} />
    </div>
    <div class="parameters wide">${others.map((field) => html`<${OtherField} key=${field.name} field=${field} />`)}</div>
    ${bias ? html`<${BiasEditor} field=${bias} />` : null}
    <button type="button" class="button" onClick=${reset}>Back to the defaults</button>
  </div>`;
}

function reset() {
  state.values.value = {};
  state.faults.value = {};
}

/** Faults of fields that the panel does not show. */
function General() {
  const shown = new Set([...state.fields.value.map(({ name }) => name), "logprobs"]);
  const others = Object.entries(state.faults.value).filter(([name]) => !shown.has(name));
  return others.length ? html`<div class="notice bad" role="alert">${others.map(([name, message]) => html`<p key=${name}><code>${name}</code> ${message}</p>`)}</div>` : null;
}

/** @param {string} name @param {any} value undefined: the default */
export function setValue(name, value) {
  const { [name]: _, ...rest } = state.values.value;
  state.values.value = value === undefined ? rest : { ...rest, [name]: value };
  setFault(name, null);
}

/** @param {string} name @param {string | null} fault */
function setFault(name, fault) {
  const { [name]: _, ...rest } = state.faults.value;
  state.faults.value = fault === null ? rest : { ...rest, [name]: fault };
}

/** @param {{field: Field}} props */
function NumberField({ field }) {
  const value = state.values.value[field.name];
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const input = (/** @type {any} */ event) => {
    const text = event.currentTarget.value;
    const result = checked(field, text);
    setTyped("fault" in result ? text : null);
    if ("fault" in result) setFault(field.name, result.fault);
    else setValue(field.name, result.value);
  };
  return html`<${Labelled} field=${field} hint=${bounds(field)}>
    ${(/** @type {any} */ given) => html`<input ...${given} class="input mono" inputmode="decimal" autocomplete="off"
      placeholder=${placeholder(field)} value=${typed ?? value ?? ""} onInput=${input} />`}
  <//>`;
}

/** @param {Field} field */
function placeholder(field) {
  return field.default === null ? "default" : String(field.default);
}

/** @param {{field: Field, hint?: string, children: (given: object) => any}} props */
function Labelled({ field, hint, children }) {
  const id = useId();
  const fault = state.faults.value[field.name];
  const changed = state.values.value[field.name] !== undefined;
  const given = { id, "aria-invalid": fault ? "true" : undefined, "aria-describedby": `${id}-told`, title: field.rule };
  return html`<div class=${changed ? "field changed" : "field"}>
    <label for=${id}>${field.name}</label>
    ${children(given)}
    <div id=${`${id}-told`} class=${fault ? "fault" : "hint"} role=${fault ? "alert" : undefined}>${fault ?? hint ?? ""}</div>
  </div>`;
}

function Seed() {
  const id = useId();
  const field = state.fields.value.find(({ name }) => name === "seed");
  const input = (/** @type {any} */ event) => {
    const result = field ? checked(field, event.currentTarget.value) : { value: undefined };
    if ("fault" in result) return setFault("seed", result.fault);
    setFault("seed", null);
    if (result.value !== undefined) state.seed.value = result.value;
    state.pinned.value = result.value !== undefined;
  };
  const fault = state.faults.value.seed;
  return html`<div class="field">
    <label for=${id}>seed</label>
    <input id=${id} class="input mono" inputmode="numeric" autocomplete="off" value=${state.seed.value} aria-invalid=${fault ? "true" : undefined} onChange=${input} />
    <div class=${fault ? "fault" : "hint"}>${fault ?? html`<label class="choice"><input type="checkbox" checked=${state.pinned.value} onChange=${pin} /> pinned</label>`}</div>
  </div>`;
}

function pin() {
  state.pinned.value = !state.pinned.value;
  if (!state.pinned.value) state.seed.value = newSeed();
}

function Likeliest() {
  const id = useId();
  const most = state.model.value?.max_logprobs ?? 100;
  const input = (/** @type {any} */ event) => (state.likeliest.value = Math.max(1, Math.min(most, Math.floor(Number(event.currentTarget.value)) || 1)));
  return html`<div class="field">
    <label for=${id}>likeliest shown</label>
    <input id=${id} class="input mono" type="number" min="1" max=${most} value=${state.likeliest.value} onChange=${input} />
    <div class="hint">1 to ${most}</div>
  </div>`;
}

/** @param {{field: Field}} props */
function OtherField({ field }) {
  const value = state.values.value[field.name];
  if (field.kind === "boolean") {
    const flip = () => setValue(field.name, (value ?? field.default) ? (field.default ? false : undefined) : field.default ? undefined : true);
    return html`<label class="choice" title=${field.rule}><input type="checkbox" checked=${value ?? field.default} onChange=${flip} /><code>${field.name}</code></label>`;
  }
  return field.kind === "texts" ? html`<${Stops} field=${field} value=${value} />` : html`<${Ids} field=${field} value=${value} />`;
}

/** @param {{field: Field, value: string[] | undefined}} props */
function Stops({ field, value }) {
  const changed = (/** @type {any} */ event) => {
    const stops = stopsOf(event.currentTarget.value);
    setValue(field.name, stops.length ? stops : undefined);
  };
  return html`<${Labelled} field=${field} hint=${`one a line, at most ${field.count}; \\n is a line end`}>
    ${(/** @type {any} */ given) => html`<textarea ...${given} class="input mono" rows="2" onChange=${changed} value=${stopsText(value ?? [])}></textarea>`}
  <//>`;
}

/** @param {{field: Field, value: number[] | undefined}} props */
function Ids({ field, value }) {
  const changed = (/** @type {any} */ event) => {
    const result = checked(field, event.currentTarget.value);
    if ("fault" in result) setFault(field.name, result.fault);
    else setValue(field.name, result.value?.length ? result.value : undefined);
  };
  return html`<${Labelled} field=${field} hint=${`token ids, at most ${field.count}`}>
    ${(/** @type {any} */ given) => html`<input ...${given} class="input mono" autocomplete="off" value=${(value ?? []).join(" ")} onChange=${changed} />`}
  <//>`;
}
