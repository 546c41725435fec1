/** Under the document: what to do with it, how it goes, and what went wrong. */

import { html } from "../../vendor/preact.js";
import { counted, whole } from "../format.js";
import { Problem } from "../tell.js";
import { redoPrediction, undoPrediction } from "./branching.js";
import { generate, look, regenerate, stop } from "./generating.js";
import { preview } from "./preview.js";
import { Shortcuts } from "./shortcuts.js";
import * as state from "./state.js";

export function ActionBar() {
  const busy = state.running.value !== null;
  return html`<div class="action-bar">
    ${state.error.value ? html`<${Problem} error=${state.error.value} />` : null}
    <div class="row">
      ${busy ? html`<${Stop} />` : html`<${Generate} />`}
      <button type="button" class="button" disabled=${busy} onClick=${() => generate({ atCaret: true })} title="Go on at the caret; what follows stays (Ctrl+Shift+Enter)">At caret</button>
      <button type="button" class="button" disabled=${busy || !state.predictions.value.canUndo} onClick=${regenerate} title="Another continuation, beside the last (Shift+Enter)">Regenerate</button>
      <button type="button" class="button" disabled=${busy} onClick=${preview} title="A short continuation in grey; Tab takes it, Ctrl+→ a word of it (Ctrl+Space)">Preview</button>
      <button type="button" class="button" disabled=${busy} onClick=${look} title="What the model thinks of this text; nothing is generated">Read</button>
      <${Undo} busy=${busy} />
      <${Shortcuts} />
      <${Status} />
    </div>
  </div>`;
}

function Generate() {
  return html`<button type="button" class="button primary" disabled=${!state.modelId.value} onClick=${() => generate()} title="Ctrl+Enter">Generate</button>`;
}

function Stop() {
  return html`<button type="button" class="button primary danger" onClick=${stop} title="What came is kept (Esc)">Stop</button>`;
}

/** @param {{busy: boolean}} props */
function Undo({ busy }) {
  const { canUndo, canRedo } = state.predictions.value;
  return html`<span class="row joined" role="group" aria-label="Predictions">
    <button type="button" class="button" disabled=${busy || !canUndo} onClick=${undoPrediction} aria-label="Undo prediction" title="Undo prediction (Ctrl+Alt+←)">↶</button>
    <button type="button" class="button" disabled=${busy || !canRedo} onClick=${redoPrediction} aria-label="Redo prediction" title="Redo prediction (Ctrl+Alt+→)">↷</button>
  </span>`;
}

function Status() {
  const document = state.text.value;
  const { running, told } = state;
  const count = document.known ? counted(document.tokens, "token") : `${whole(document.length)} characters`;
  const wait = told.value?.queueWait ?? null;
  const speed = told.value?.tokensPerSecond ?? null;
  const parts = [
    running.value ? `${WORDS[running.value.what]}${running.value.tokens ? ` ${running.value.tokens}` : ""}…` : "",
    wait === null ? "" : `queue ${wait} ms`,
    speed === null ? "" : `${speed.toFixed(1)} tokens/s`,
    trailing(document.text),
  ].filter(Boolean);
  return html`<span class="status small soft number"><span class="count">${count}</span>${parts.map((part) => html`<span key=${part}>${part}</span>`)}</span>`;
}

const WORDS = { run: "writing", lens: "reading", preview: "previewing" };

/** A blank at the end is mostly a token that the model would have put before the next word. @param {string} text */
function trailing(text) {
  return / $/.test(text) ? "⚠ ends in a blank" : "";
}
