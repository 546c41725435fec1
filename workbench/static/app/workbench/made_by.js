/** How the branch that is shown was made, so that it can be made again. */

import { html } from "../../vendor/preact.js";
import { moment } from "../format.js";
import * as state from "./state.js";
import { nodeOf } from "./tree.js";

export function MadeBy() {
  const { made } = nodeOf(state.tree.value, state.tree.value.here);
  if (!made) return null;
  const again = () => {
    if (made.seed !== null) state.seed.value = made.seed;
    state.pinned.value = made.seed !== null;
  };
  const settings = Object.entries(made.body ?? {}).filter(([name]) => !HIDDEN.has(name));
  return html`<details class="folded"><summary>How this branch was made</summary>
    <dl class="facts small">
      <div><dt>model</dt><dd>${made.model}</dd></div>
      <div><dt>fingerprint</dt><dd><code>${made.fingerprint ?? "–"}</code></dd></div>
      <div><dt>seed</dt><dd class="number">${made.seed ?? "–"}</dd></div>
      <div><dt>ended</dt><dd>${made.finish ?? "stopped"}</dd></div>
      <div><dt>at</dt><dd>${moment(made.at)}</dd></div>
      <div><dt>request</dt><dd><code class="verbatim">${made.requestId ?? "–"}</code></dd></div>
      ${settings.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd><code class="verbatim">${JSON.stringify(value)}</code></dd></div>`)}
    </dl>
    <button type="button" class="button little" disabled=${made.seed === null} onClick=${again}>Pin this seed</button>
  </details>`;
}

/** Told in words already, or of no interest. */
const HIDDEN = new Set(["model", "seed", "stream", "stream_options", "prompt_logprobs", "prompt_logprobs_start"]);
