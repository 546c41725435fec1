/** Above the document: which model, how it stands, how the lens colours. */

import { html, useCallback } from "../../vendor/preact.js";
import { useClock } from "../load.js";
import { BootProgress, ModelState } from "../models/card.js";
import { GRAINS } from "./grain.js";
import { BORDERS, MODES, SHADES } from "./lens.js";
import { readModels, useModel } from "./opening.js";
import * as state from "./state.js";

/** @typedef {Exclude<import("./lens.js").Mode, "off">} Coloured */

const SECONDS = 3;

export function TopLine() {
  const again = useCallback(() => void readModels().catch(() => undefined), []); // a fault here leaves what is shown
  useClock(again, SECONDS);
  return html`<div class="top-line">
    <${ModelPicker} />
    <div class="row looks"><${Colours} /><${Blanks} /></div>
    <${Boot} />
  </div>`;
}

function ModelPicker() {
  const card = state.model.value;
  const pressed = (/** @type {any} */ event) => useModel(event.currentTarget.value);
  return html`<div class="row">
    <label class="inline"><span class="label">Model</span>
      <select class="input" value=${state.modelId.value} onChange=${pressed} disabled=${state.running.value !== null}>
        ${state.models.value.map((each) => html`<option key=${each.id} value=${each.id}>${each.id}</option>`)}
      </select>
    </label>
    ${card ? html`<${ModelState} model=${card} />` : null}
    ${card ? html`<span class="small soft number">context ${card.max_model_len}</span>` : null}
  </div>`;
}

function Boot() {
  const waiting = state.boot.value;
  const card = state.model.value;
  if (!card || (!waiting && card.state !== "starting")) return null;
  const standing = waiting ? { ...card, state: "starting", phase: waiting.phase, eta_seconds: waiting.eta ?? card.eta_seconds } : card;
  return html`<div class="notice" role="status">
    <div class="grow"><${BootProgress} model=${standing} /></div>
    ${waiting ? html`<span class="small">Your request waits and runs by itself. It costs nothing until then.</span>` : null}
  </div>`;
}

function Colours() {
  const pressed = (/** @type {any} */ event) => (state.mode.value = event.currentTarget.value);
  const grained = (/** @type {any} */ event) => (state.grain.value = event.currentTarget.value);
  return html`<label class="inline"><span class="label">Colour</span>
      <select class="input" value=${state.mode.value} onChange=${pressed}>
        ${MODES.map(([mode, name]) => html`<option key=${mode} value=${mode}>${name}</option>`)}
      </select>
    </label>
    <select class="input" aria-label="Colour each" value=${state.grain.value} onChange=${grained} disabled=${state.mode.value === "off"}>
      ${GRAINS.map((grain) => html`<option key=${grain} value=${grain}>${grain}</option>`)}
    </select>
    ${state.mode.value === "off" ? null : html`<${Scale} mode=${state.mode.value} />`}`;
}

/** @param {{mode: Coloured}} props */
function Scale({ mode }) {
  const borders = BORDERS[mode];
  const told = `From expected to surprising: ${borders.join(", ")}`;
  return html`<span class="scale" role="img" aria-label=${told} title=${`${UNITS[mode]}: ${borders.map((border) => (mode === "probability" ? (1 - border).toFixed(2) : border)).join(" · ")}`}>
    ${Array.from({ length: SHADES }, (_, step) => html`<i key=${step} class=${`shade-${step}`}></i>`)}
  </span>`;
}

/** @type {Record<Coloured, string>} */
const UNITS = { surprisal: "bits", probability: "probability", rank: "rank", entropy: "bits of shown mass", relative: "bits behind the likeliest" };

function Blanks() {
  const pressed = () => (state.blanks.value = !state.blanks.value);
  return html`<button type="button" class="button little" aria-pressed=${state.blanks.value} onClick=${pressed} title="Show blanks and line ends">␣ ↵<span class="hidden-text"> Show blanks</span></button>`;
}
