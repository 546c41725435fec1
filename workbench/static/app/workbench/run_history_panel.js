/** All runs of this page: searched, opened again, as code. */

import { html, useState } from "../../vendor/preact.js";
import { CopyButton } from "../copy.js";
import { counted } from "../format.js";
import { found, pastRuns, speed, textOf } from "./run_history.js";
import { openRun, useParameters } from "./run_opening.js";
import { curl, python } from "./snippets.js";
import { visible } from "./spelling.js";
import * as state from "./state.js";

/** @typedef {import("./run_history.js").PastRun} PastRun */

/** Rows that are drawn; a search finds the others. */
const MOST_ROWS = 50;
const SHOWN_BEFORE = 60;
const SHOWN = 160;
const WORDS = { run: "Generated", lens: "Read", preview: "Preview" };
/** Told in words already, or of no interest. */
const HIDDEN = new Set(["model", "prompt", "seed", "stream", "stream_options", "prompt_logprobs", "prompt_logprobs_start"]);

export function RunHistoryPanel() {
  const [search, setSearch] = useState("");
  const runs = found(pastRuns.value, search);
  return html`<div class="stack">
    <input class="input" type="search" aria-label="Search past runs" placeholder="Search texts, models, parameters, request ids" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.currentTarget.value)} />
    <p class="small soft">The runs of this page, kept by this page alone: they are gone when it is closed or loaded again.</p>
    ${runs.length ? null : html`<p class="soft">${search ? "Nothing found." : "Nothing ran yet."}</p>`}
    <ol class="past-runs" aria-label="Past runs">${runs.slice(0, MOST_ROWS).map((run) => html`<${Row} key=${run.number} run=${run} />`)}</ol>
    ${runs.length > MOST_ROWS ? html`<p class="small soft">${counted(runs.length - MOST_ROWS, "more run")}: search for them.</p>` : null}
  </div>`;
}

/** @param {{run: PastRun}} props */
function Row({ run }) {
  const busy = state.running.value !== null;
  return html`<li>
    <span class="row between small"><b>${WORDS[run.what]} · ${run.body.model}</b><time class="soft number" datetime=${run.at}>${run.at.slice(11, 19)} UTC</time></span>
    <${Texts} run=${run} />
    <span class="small soft number">${figures(run).join(" · ")}</span>
    <span class="small soft"><code class="verbatim">${parameters(run)}</code></span>
    ${run.requestId ? html`<code class="small soft verbatim">${run.requestId}</code>` : null}
    <span class="row">
      <button type="button" class="button little" disabled=${busy || !run.head} onClick=${() => openRun(run)} title="As a branch">Open</button>
      <button type="button" class="button little" disabled=${busy} onClick=${() => useParameters(run)} title="For the next run, with this seed">Use its parameters</button>
      <${CopyButton} little label="curl" text=${curl(run.body)} /><${CopyButton} little label="Python" text=${python(run.body)} />
    </span>
  </li>`;
}

/** The end of what it went on from, and the beginning of what came. @param {{run: PastRun}} props */
function Texts({ run }) {
  const before = run.head?.text.slice(-SHOWN_BEFORE) ?? "";
  const others = run.outputs.length - 1;
  return html`<span class="past-text verbatim">${written(before)}<b>${written(textOf(run.outputs[0] ?? []))}</b>${others > 0 ? html` <i class="soft">and ${others} more</i>` : null}</span>`;
}

/** In one line; what hides in a text is shown, but not its blanks. @param {string} text */
function written(text) {
  return visible(text.slice(0, SHOWN), SHOWN).replaceAll("␣", " ");
}

/** @param {PastRun} run */
function figures(run) {
  const fast = speed(run);
  return [
    `${run.promptTokens ?? "?"} + ${counted(run.tokens, "token")}`,
    run.firstMs === null ? `${Math.round(run.ms)} ms` : `first after ${Math.round(run.firstMs)} ms`,
    ...(fast === null ? [] : [`${fast.toFixed(1)} tokens/s`]),
    ...(run.queueMs === null ? [] : [`queue ${run.queueMs} ms`]),
    run.finish,
  ];
}

/** @param {PastRun} run */
function parameters(run) {
  const named = Object.entries(run.body).filter(([name]) => !HIDDEN.has(name));
  const seed = run.body.seed === undefined ? [] : [`seed ${run.body.seed}`];
  return [...seed, ...named.map(([name, value]) => `${name} ${JSON.stringify(value).slice(0, 80)}`)].join(", ");
}
