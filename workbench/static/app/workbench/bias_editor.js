/** Biases on single tokens: found by their text or id, from -100 (never) to 100 (always). */

import { html, useState } from "../../vendor/preact.js";
import { tellFault, tell } from "../tell.js";
import { spelling } from "./branching.js";
import { setValue } from "./parameter_panel.js";
import { visible } from "./spelling.js";
import * as state from "./state.js";
import { idsOfText } from "./tokenizing.js";

/** @param {{field: import("./parameters.js").Field}} props */
export function BiasEditor({ field }) {
  const biases = Object.entries(state.values.value[field.name] ?? {});
  const fault = state.faults.value[field.name];
  return html`<section class="stack tight" aria-label="Logit bias">
    <h2>Logit bias</h2>
    <${Add} most=${field.count ?? 300} name=${field.name} />
    ${biases.map(([id, bias]) => html`<${Bias} key=${id} name=${field.name} id=${id} bias=${bias} />`)}
    ${fault ? html`<div class="fault small" role="alert">${fault}</div>` : null}
  </section>`;
}

/** @param {string} name @param {string} id @param {number | null} bias */
function setBias(name, id, bias) {
  const { [id]: _, ...rest } = state.values.value[name] ?? {};
  const now = bias === null ? rest : { ...rest, [id]: bias };
  setValue(name, Object.keys(now).length ? now : undefined);
}

/** @param {{name: string, most: number}} props */
function Add({ name, most }) {
  const [typed, setTyped] = useState("");
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const ids = /^#\d{1,10}$/.test(typed) ? [Number(typed.slice(1))] : await idsOfText(state.modelId.value, typed);
      const known = state.values.value[name] ?? {};
      if (Object.keys(known).length + ids.length > most) return tell(`At most ${most} tokens can have a bias.`, { bad: true });
      await Promise.all(ids.map(spelling));
      for (const id of ids) setBias(name, String(id), 0);
      setTyped("");
    } catch (error) {
      tellFault(error);
    }
    return undefined;
  };
  return html`<form class="row" onSubmit=${add}>
    <input class="input mono grow" aria-label="Text or #id of a token" placeholder="text, or #id" value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} />
    <button type="submit" class="button" disabled=${typed === ""}>Add</button>
  </form>`;
}

/** @param {{name: string, id: string, bias: number}} props */
function Bias({ name, id, bias }) {
  const spelled = state.vocabulary().spelling(Number(id)) ?? `token ${id}`;
  const changed = (/** @type {any} */ event) => setBias(name, id, Math.max(-100, Math.min(100, Number(event.currentTarget.value) || 0)));
  return html`<div class="bias">
    <code class="verbatim" title=${`id ${id}`}>${visible(spelled, 16)}</code>
    <input type="range" min="-100" max="100" step="0.5" value=${bias} aria-label=${`Bias of ${visible(spelled)}`} onInput=${changed} />
    <input type="number" class="input mono" min="-100" max="100" step="any" value=${bias} aria-label=${`Bias of ${visible(spelled)}, as a number`} onChange=${changed} />
    <button type="button" class="button plain icon" aria-label=${`No bias for ${visible(spelled)}`} onClick=${() => setBias(name, id, null)}>×</button>
  </div>`;
}
