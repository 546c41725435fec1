/** What the model thought at one place: the likeliest tokens with their share, and another of them to go on from. Sums of a selection. */

import { html, useEffect, useState } from "../../vendor/preact.js";
import { CopyButton } from "../copy.js";
import { pick, spelling } from "./branching.js";
import { bits, entropy, others, probability, sums } from "./lens.js";
import { OtherText } from "./other_text.js";
import { sampled } from "./sampler.js";
import { share } from "./share.js";
import { choose } from "./shortcuts.js";
import { hexOf, visible } from "./spelling.js";
import * as state from "./state.js";

/** @typedef {import("./document.js").Lens} Lens */
/** @typedef {import("./document.js").Piece} Piece */

export function TokenPanel() {
  const index = state.looked.value;
  const piece = state.text.value.pieces[index];
  return html`<div class="stack">
    <${Selected} />
    ${piece ? html`<${Facts} piece=${piece} index=${index} />` : html`<p class="soft">Write something, or press Generate: each token then shows here what the model thought of it.</p>`}
    ${piece ? html`<${Likeliest} piece=${piece} index=${index} />` : null}
    <${Surprising} />
  </div>`;
}

/** @param {{piece: Piece, index: number}} props */
function Facts({ piece, index }) {
  const lens = state.text.value.lens(index);
  const spelled = piece.spelled ?? piece.text;
  return html`<section aria-label="Token">
    <div class="token-name"><code class="verbatim">${visible(spelled)}</code></div>
    <dl class="facts small">
      <${Fact} name="id">${piece.id ?? piece.ids?.join(" ") ?? "not known yet"}<//>
      <${Fact} name="place">${index}<//>
      <${Fact} name="bytes"><code>${piece.special ? "–" : hexOf(spelled).slice(0, 60)}</code><//>
      <${Fact} name="from">${FROM[piece.by]}<//>
      ${lens && lens.logprob !== null ? html`<${Measures} lens=${lens} logprob=${lens.logprob} />` : null}
    </dl>
  </section>`;
}

const FROM = { you: "you", model: "the model", pick: "your choice" };

/** @param {{lens: Lens, logprob: number}} props */
function Measures({ lens, logprob }) {
  return html`<${Fact} name="probability">${share(probability(logprob))}<//>
    <${Fact} name="logprob">${logprob.toFixed(4)}<//>
    <${Fact} name="surprisal">${bits(logprob).toFixed(2)} bits<//>
    <${Fact} name="rank">${lens.rank}<//>
    <${Fact} name="entropy">≥ ${entropy(lens).toFixed(2)} bits<//>`;
}

/** @param {{name: string, children?: any}} props */
function Fact({ name, children }) {
  return html`<div><dt>${name}</dt><dd class="number">${children}</dd></div>`;
}

/** @param {{piece: Piece, index: number}} props */
function Likeliest({ piece, index }) {
  const lens = state.text.value.lens(index);
  const [after, setAfter] = useState(false);
  if (!lens || lens.logprob === null) return html`<${NoLens} index=${index} />`;
  const afterwards = after ? sampled(lens.top, { ...state.values.value }) : null;
  return html`<section aria-label="Likeliest tokens" class="stack tight">
    <div class="row between">
      <h2>Likeliest here</h2>
      <label class="choice small"><input type="checkbox" checked=${after} onChange=${() => setAfter(!after)} /> after the sampler</label>
    </div>
    <ol class="likeliest">${lens.top.map(([id, logprob], place) => html`<${Row} key=${id} id=${id} logprob=${logprob} own=${id === piece.id} index=${index}
      place=${place === lens.top.length - 1 && id === piece.id ? lens.rank : place + 1} after=${afterwards?.[place]?.after ?? null} />`)}
      <${Others} lens=${lens} />
      ${(lens.requested ?? []).map(([id, logprob]) => html`<${Row} key=${`asked ${id}`} id=${id} logprob=${logprob} own=${id === piece.id} index=${index} place=${null} after=${null} />`)}
    </ol>
    <label class="choice small"><input type="checkbox" checked=${state.goOn.value} onChange=${() => (state.goOn.value = !state.goOn.value)} />
      <span>A press on a token branches here <b>and goes on</b> from it; the old branch stays</span></label>
    <${OtherText} index=${index} />
  </section>`;
}

/** @param {{id: number, logprob: number, own: boolean, index: number, place: number | null, after: number | null}} props */
function Row({ id, logprob, own, index, place, after }) {
  const spelled = useSpelling(id);
  const held = probability(logprob);
  const told = `${visible(spelled)}, ${share(held)}${own ? ", the token of the text" : ", branch here"}`;
  return html`<li class=${own ? "own" : ""}>
    <button type="button" aria-label=${told} disabled=${own || state.running.value !== null} onClick=${() => pick(index, id)} title=${`id ${id} · logprob ${logprob.toFixed(4)} · rank ${place} · bytes ${hexOf(spelled)}`}>
      <span class="spelt verbatim">${visible(spelled, 28)}</span>
      <span class="bar-of"><i style=${{ width: `${Math.max(0.4, held * 100)}%` }}></i>${after === null ? null : html`<i class="after" style=${{ width: `${after * 100}%` }}></i>`}</span>
      <span class="number">${share(held)}${after === null ? null : html`<br /><b>${share(after)}</b>`}</span>
      <span class="number soft">${logprob.toFixed(2)}</span>
      <span class="number soft id">${id}</span>
    </button>
  </li>`;
}

/** @param {number} id */
function useSpelling(id) {
  const known = state.vocabulary().spelling(id);
  const [, again] = useState(0);
  useEffect(() => {
    if (known === null) spelling(id).then(() => again((count) => count + 1), () => undefined); // shown by its id then
  }, [id, known]);
  return known ?? `token ${id}`;
}

/** @param {{lens: Lens}} props */
function Others({ lens }) {
  const rest = others(lens);
  return html`<li class="others"><span class="spelt soft">all others</span>
    <span class="bar-of"><i style=${{ width: `${rest * 100}%` }}></i></span><span class="number">${share(rest)}</span><span></span><span></span></li>`;
}

/** @param {{index: number}} props */
function NoLens({ index }) {
  const first = index === 0;
  return html`<p class="small soft">${first
    ? "Nothing stands before the first token, so it has no probability."
    : "This token was not read since the last change before it. Generate, or press Read, and it is."}</p>`;
}

function Selected() {
  const { from, to } = state.selection.value;
  if (from === to) return null;
  const document = state.text.value;
  const [first, after] = [document.indexAt(from), document.indexAt(to - 1) + 1];
  const { sum, tokens, mean, perplexity, bitsPerByte, unknown } = sums(document, first, after);
  return html`<section class="panel" aria-label="Selection">
    <h2>Selection</h2>
    <dl class="facts small">
      <${Fact} name="tokens">${tokens}${unknown ? ` (+ ${unknown} not read)` : ""}<//>
      <${Fact} name="sum of logprobs">${sum.toFixed(3)}<//>
      <${Fact} name="mean">${mean === null ? "–" : mean.toFixed(3)}<//>
      <${Fact} name="perplexity">${perplexity === null ? "–" : perplexity.toPrecision(4)}<//>
      <${Fact} name="bits per byte">${bitsPerByte === null ? "–" : bitsPerByte.toFixed(3)}<//>
    </dl>
    <${CopyButton} little label="Copy its ids" text=${JSON.stringify(document.pieces.slice(first, after).flatMap((piece) => piece.id ?? piece.ids ?? []))} />
  </section>`;
}

function Surprising() {
  const document = state.text.value;
  const found = state.surprising.value.slice(0, 8);
  if (!found.length) return null;
  return html`<section aria-label="Most surprising" class="stack tight"><h2>Most surprising</h2>
    <ol class="surprising">${found.map(({ index, bits: much }) => html`<li key=${index}><button type="button" onClick=${() => choose(index)}>
      <span class="spelt verbatim">${visible(document.at(index).spelled ?? document.at(index).text, 22)}</span><span class="number">${much.toFixed(1)} bits</span></button></li>`)}</ol>
  </section>`;
}
