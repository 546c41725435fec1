/** Export and import as a file. */

import { html, useRef } from "../../vendor/preact.js";
import { tell, tellFault } from "../tell.js";
import { content, open } from "./file.js";
import { BadFile } from "./tree_file.js";

const MOST_BYTES = 64 << 20;

export function FilePanel() {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const taken = () => void read(input.current).catch(failed);
  return html`<div class="row">
    <button type="button" class="button little" onClick=${download}>Export as JSON</button>
    <button type="button" class="button little" onClick=${() => input.current?.click()}>Import</button>
    <input ref=${input} class="hidden-text" type="file" accept="application/json,.json" tabindex="-1" aria-label="A file of the Workbench" onChange=${taken} />
  </div>`;
}

function download() {
  const url = URL.createObjectURL(new Blob([JSON.stringify(content())], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `workbench-${new Date().toISOString().slice(0, 16).replace(":", "")}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

/** @param {HTMLInputElement | null} input */
async function read(input) {
  const file = input?.files?.[0];
  if (!input || !file) return;
  input.value = "";
  if (file.size > MOST_BYTES) throw new BadFile("This file is too large for the Workbench.");
  open(parsed(await file.text()));
  tell(`${file.name} is open.`);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFile("This file is not JSON.");
  }
}

/** @param {unknown} error */
function failed(error) {
  if (error instanceof BadFile) tell(error.message, { bad: true });
  else tellFault(error);
}
