/** Continuations against each other: what the model gives each of them after this text. */

import { html, useState } from "../../vendor/preact.js";
import { scoresOf } from "./scores.js";
import { visible } from "./spelling.js";
import { fail, known } from "./stage.js";
import * as state from "./state.js";
import { idsOfText } from "./tokenizing.js";

/** @typedef {import("./scores.js").Score} Result */

const MOST = 128;

export function ScorePanel() {
  const [lines, setLines] = useState("");
  const [by, setBy] = useState("sum");
  const [results, setResults] = useState(/** @type {{texts: string[], results: Result[]} | null} */ (null));
  const [busy, setBusy] = useState(false);
  const texts = lines.split("\n").filter(Boolean).slice(0, MOST).map((line) => line.replaceAll("\\n", "\n"));
  const press = async () => {
    setBusy(true);
    try {
      setResults({ texts, results: await scored(texts) });
      state.error.value = null;
    } catch (error) {
      fail(error);
    }
    setBusy(false);
  };
  return html`<div class="stack">
    <div class="field"><label for="continuations">Continuations, one a line</label>
      <textarea id="continuations" class="input mono" rows="5" value=${lines} placeholder=${" first\n second"} onInput=${(/** @type {any} */ event) => setLines(event.currentTarget.value)}></textarea>
      <div class="hint">Blanks count: most words begin with one. \\n is a line end. At most ${MOST}.</div></div>
    <div class="row"><button type="button" class="button primary" disabled=${busy || !texts.length || !state.text.value.pieces.length} onClick=${press}>${busy ? "Scoring…" : "Score"}</button>
      <label class="inline"><span class="label">Shares by</span><select class="input" value=${by} onChange=${(/** @type {any} */ event) => setBy(event.currentTarget.value)}>
        <option value="sum">sum</option><option value="token">mean per token</option><option value="byte">mean per byte</option></select></label></div>
    ${results ? html`<${Table} ...${results} by=${by} />` : null}
  </div>`;
}

/** By text, as lm-eval does, where all of it was typed; else by the exact ids. @param {string[]} texts @returns {Promise<Result[]>} */
async function scored(texts) {
  const document = await known(state.text.value);
  if (document.pieces.every((piece) => piece.by === "you")) return scoresOf(document.text, texts);
  return scoresOf(document.promptIds, await Promise.all(texts.map((text) => idsOfText(state.modelId.value, text))));
}

/** @param {{texts: string[], results: Result[], by: string}} props */
function Table({ texts, results, by }) {
  const values = results.map((result) => value(result, by));
  const highest = Math.max(...values);
  const mass = values.reduce((sum, each) => sum + Math.exp(each - highest), 0);
  const ordered = results.map((result, index) => ({ result, text: texts[index] ?? "", share: Math.exp((values[index] ?? 0) - highest) / mass }));
  ordered.sort((one, other) => other.share - one.share);
  return html`<div class="scroll"><table class="table"><caption class="hidden-text">Scores</caption>
    <thead><tr><th>Continuation</th><th>Share</th><th class="right">Σ logprob</th><th class="right">bits/byte</th><th>Greedy</th></tr></thead>
    <tbody>${ordered.map(({ result, text, share }) => html`<tr key=${text}>
      <td><code class="verbatim">${visible(text, 40)}</code><div class="small soft">${result.tokens.map((token, index) => `${visible(token, 12)} ${result.token_logprobs[index]?.toFixed(2)}`).join(" · ")}</div></td>
      <td><span class="bar-of"><i style=${{ width: `${share * 100}%` }}></i></span><span class="number small">${(share * 100).toFixed(1)} %</span></td>
      <td class="right number">${result.sum_logprob.toFixed(3)}</td>
      <td class="right number">${(-result.sum_logprob / Math.LN2 / Math.max(1, result.n_bytes)).toFixed(2)}</td>
      <td>${result.is_greedy ? "yes" : "no"}${result.boundary === "merged" ? html` <span class="tag" title="The tokenizer joins the end of the text with the continuation">merged</span>` : null}</td></tr>`)}</tbody></table></div>`;
}

/** @param {Result} result @param {string} by */
function value(result, by) {
  if (by === "token") return result.sum_logprob / Math.max(1, result.token_ids.length);
  return by === "byte" ? result.sum_logprob / Math.max(1, result.n_bytes) : result.sum_logprob;
}
