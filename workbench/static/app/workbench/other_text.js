/** Any text in the place of a token, listed or not: what the model gives it there, and a branch with it. */

import { html, useState } from "../../vendor/preact.js";
import { forced } from "./branching.js";
import { probability } from "./lens.js";
import { scoresOf } from "./scores.js";
import { visible } from "./spelling.js";
import { guarded, known } from "./stage.js";
import * as state from "./state.js";
import { share } from "./share.js";
import { idsOfText } from "./tokenizing.js";

/** @typedef {import("./scores.js").Score & {text: string}} Told */

/** @param {{index: number}} props */
export function OtherText({ index }) {
  const [text, setText] = useState("");
  const [told, setTold] = useState(/** @type {Told | null} */ (null));
  const ask = (/** @type {Event} */ event) => {
    event.preventDefault();
    void guarded(async () => setTold({ text, ...(await asked(index, text)) }));
  };
  const busy = state.running.value !== null || text === "";
  return html`<form class="stack tight" onSubmit=${ask}>
    <div class="row">
      <input class="input mono grow" aria-label="Another text here" placeholder="another text here" value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
      <button type="submit" class="button" disabled=${busy || index === 0}>Ask</button>
      <button type="button" class="button" disabled=${busy} onClick=${() => forced(index, text)}>Branch</button>
    </div>
    ${told ? html`<p class="small" role="status"><code class="verbatim">${visible(told.text)}</code>: <b>${share(probability(told.sum_logprob))}</b>, logprob ${told.sum_logprob.toFixed(4)}
      <span class="soft"> ${told.tokens.map((token, place) => `${visible(token, 14)} (rank ${told.token_ranks[place]}, ${told.token_logprobs[place]?.toFixed(2)})`).join(" · ")}</span></p>` : null}
  </form>`;
}

/** @param {number} index @param {string} text */
async function asked(index, text) {
  const head = (await known(state.text.value)).head(index);
  const [score] = await scoresOf(head.promptIds, [await idsOfText(state.modelId.value, text)]);
  return /** @type {import("./scores.js").Score} */ (score);
}
