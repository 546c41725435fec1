/** Export and import as a file; and the tree for other looms. */

import { html, useRef } from "../../vendor/preact.js";
import { tell, tellFault } from "../tell.js";
import { content, parsed, treeNow } from "./file.js";
import { BadFile } from "./file_checks.js";
import { openLoom } from "./open_loom.js";
import { current, openContent } from "./saved.js";
import * as state from "./state.js";

const MOST_BYTES = 64 << 20;

export function FilePanel() {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const taken = () => void read(input.current).catch(failed);
  return html`<div class="row" role="group" aria-label="Files">
    <button type="button" class="button little" onClick=${() => download(content(), "json")} title="Everything, with token ids and log probabilities">Export as JSON</button>
    <button type="button" class="button little" onClick=${() => download(loom(), "openloom.json")} title="The texts of all branches, for other looms">Export for OpenLoom</button>
    <button type="button" class="button little" disabled=${state.running.value !== null} onClick=${() => input.current?.click()}>Import</button>
    <input ref=${input} class="hidden-text" type="file" accept="application/json,.json" tabindex="-1" aria-label="A file of the Workbench" onChange=${taken} />
  </div>`;
}

function loom() {
  const title = current.value?.name ?? (state.text.value.text.trim().slice(0, 60) || "Workbench");
  return openLoom(treeNow(), { id: crypto.randomUUID(), title, at: new Date().toISOString() });
}

/** @param {unknown} json @param {string} ending */
function download(json, ending) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(json)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `workbench-${new Date().toISOString().slice(0, 16).replace(":", "")}.${ending}`;
  link.click();
  URL.revokeObjectURL(url);
}

/** @param {HTMLInputElement | null} input */
async function read(input) {
  const file = input?.files?.[0];
  if (!input || !file) return;
  input.value = "";
  if (file.size > MOST_BYTES) throw new BadFile("This file is too large for the Workbench.");
  openContent(parsed(await file.text()), null);
  tell(`${file.name} is open.`);
}

/** @param {unknown} error */
function failed(error) {
  if (error instanceof BadFile) tell(error.message, { bad: true });
  else tellFault(error);
}
