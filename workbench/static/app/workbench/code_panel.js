/** The last request as code, and as it went over the wire. */

import { html, useState } from "../../vendor/preact.js";
import { CopyButton } from "../copy.js";
import { completionBody } from "./request.js";
import { curl, lmEval, python } from "./snippets.js";
import * as state from "./state.js";

/** Characters of an answer that are drawn; all of it is copied. */
const MOST_SHOWN = 60_000;

/** @type {[string, string][]} */
const KINDS = [["curl", "curl"], ["python", "Python"], ["lm-eval", "lm-eval"], ["request", "Request"], ["response", "Response"]];

export function CodePanel() {
  const [kind, setKind] = useState("curl");
  const last = state.sent.value;
  const text = shown(kind, last?.body ?? next(), last);
  return html`<div class="stack">
    <p class="small soft">${last ? `Exactly what was sent, ${last.at.slice(11, 19)} UTC` : "What Generate would send"}${last?.requestId ? html` · <code>${last.requestId}</code>` : ""}.
      The browser's own runs go to your <code>workbench</code> key; the code takes <code>ACS_API_KEY</code> and <code>ACS_API_BASE</code>.</p>
    <div class="row between">
      <div class="row joined" role="group" aria-label="As">${KINDS.map(([each, name]) => html`<button type="button" key=${each} class="button little" aria-pressed=${kind === each} onClick=${() => setKind(each)}>${name}</button>`)}</div>
      <${CopyButton} little text=${text} />
    </div>
    <pre class="code" tabindex="0">${text.slice(0, MOST_SHOWN)}${text.length > MOST_SHOWN ? "\n… (copy it to see all)" : ""}</pre>
  </div>`;
}

function next() {
  const { modelId, values, likeliest, seed, text } = state;
  return completionBody(text.value, { model: modelId.value, values: values.value, k: likeliest.value, seed: seed.value });
}

/** @param {string} kind @param {Record<string, any>} body @param {import("./state.js").Sent | null} last @returns {string} */
function shown(kind, body, last) {
  if (kind === "curl") return curl(body);
  if (kind === "python") return python(body);
  if (kind === "lm-eval") return lmEval(body);
  if (kind === "request") return `POST ${last?.path ?? "/v1/completions"}\n\n${JSON.stringify(body, null, 1)}`;
  return last?.response.length ? last.response.map((chunk) => JSON.stringify(chunk)).join("\n") : "Nothing was answered yet.";
}
