/** Copying to the clipboard, and saying that it was done. */

import { html, useState } from "../vendor/preact.js";
import { Icon } from "./icons.js";
import { tell } from "./tell.js";

const SAID_MS = 1600;

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    tell("The browser did not allow copying. Select the text and copy it by hand.", { bad: true });
    return false;
  }
}

/** @param {{text: string, label?: string, little?: boolean}} props */
export function CopyButton({ text, label = "Copy", little = false }) {
  const [done, setDone] = useState(false);
  const press = async () => {
    if (!(await copy(text))) return;
    setDone(true);
    setTimeout(() => setDone(false), SAID_MS);
  };
  return html`<button type="button" class=${little ? "button little" : "button"} onClick=${press}>
    <${Icon} name=${done ? "tick" : "copy"} /><span aria-live="polite">${done ? "Copied" : label}</span>
  </button>`;
}

/** A secret or a link to take along. @param {{text: string, label?: string}} props */
export function Secret({ text, label }) {
  return html`<div class="secret"><code class="verbatim">${text}</code><${CopyButton} text=${text} label=${label} /></div>`;
}
