/** That the saved prompt which is open was changed since. */

import { html } from "../../vendor/preact.js";
import { current } from "./saved.js";
import { unsaved } from "./unsaved.js";

export function UnsavedMark() {
  return current.value && unsaved.value ? html`<span class="unsaved-mark" title="Unsaved changes"><span class="hidden-text">, unsaved changes</span></span>` : null;
}
