/** Likely continuations as a tree: a press goes on in the document from one of them, or looks at it as if it were all there is. */

import { html, useState } from "../../vendor/preact.js";
import { explored } from "./branching.js";
import { filled, ordered, zoomed } from "./explore.js";
import { share } from "./share.js";
import { visible } from "./spelling.js";
import * as state from "./state.js";

/** @typedef {import("./explore.js").Leaf} Leaf */

/** @param {{leaves: Leaf[], base: number[]}} props `base`: the text that they go on from */
export function ExploreTree({ leaves, base }) {
  const [asked, zoom] = useState(/** @type {number[]} */ ([]));
  const [logarithmic, setLogarithmic] = useState(false);
  if (!leaves.length) return null;
  const root = leaves.some((leaf) => leaf.ids.join() === asked.join()) ? asked : [];
  const same = base.join() === state.text.value.promptIds.join();
  const shown = ordered(zoomed(leaves, root));
  const above = new Set(leaves.map(({ ids }) => ids.slice(0, -1).join()));
  return html`${same ? null : html`<p class="notice caution small">The text has changed since: explore again to go on from here.</p>`}
    <div class="row between">
      <${Root} ids=${root} zoom=${zoom} />
      <label class="choice small"><input type="checkbox" checked=${logarithmic} onChange=${() => setLogarithmic(!logarithmic)} /> logarithmic bars</label>
    </div>
    <ol class="likeliest explored" aria-label="Likely continuations">${shown.map((leaf) => html`<${Row} key=${leaf.ids.join()} leaf=${leaf} root=${root}
      same=${same} logarithmic=${logarithmic} zoom=${above.has([...root, ...leaf.ids].join()) ? zoom : null} />`)}</ol>`;
}

/** @param {{ids: number[], zoom: (ids: number[]) => void}} props */
function Root({ ids, zoom }) {
  if (!ids.length) return html`<span class="small soft">Bars: of the token, and of all up to it.</span>`;
  return html`<span class="row small"><span class="soft">after</span> <code class="verbatim">${ids.map(spelt).join("")}</code>
    <button type="button" class="button little" onClick=${() => zoom([])}>Show all</button></span>`;
}

/** @param {{leaf: Leaf, root: number[], same: boolean, logarithmic: boolean, zoom: ((ids: number[]) => void) | null}} props */
function Row({ leaf, root, same, logarithmic, zoom }) {
  const ids = [...root, ...leaf.ids];
  const bar = (/** @type {number} */ logprob) => ({ width: `${filled(logprob, logarithmic) * 100}%` });
  const word = spelt(ids.at(-1) ?? 0);
  return html`<li style=${{ paddingInlineStart: `${(leaf.ids.length - 1) * 0.9}rem` }}>
    <button type="button" disabled=${!same || state.running.value !== null} onClick=${() => explored(ids)} title=${`ids ${ids.join(" ")}`}>
      <span class="spelt verbatim">${word}</span>
      <span class="bar-of"><i style=${bar(leaf.logprob)}></i><i class="after" style=${bar(leaf.total)}></i></span>
      <span class="number">${share(Math.exp(leaf.logprob))}</span><span class="number soft">${share(Math.exp(leaf.total))}</span>
    </button>
    ${zoom ? html`<button type="button" class="zoom" aria-label=${`Look after ${word} alone`} title="As if this had been said" onClick=${() => zoom(ids)}>⌕</button>` : html`<span></span>`}
  </li>`;
}

/** @param {number} id */
function spelt(id) {
  return visible(state.vocabulary().spelling(id) ?? `token ${id}`, 20);
}
