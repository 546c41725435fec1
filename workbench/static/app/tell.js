/** Short notices at the foot of the window, and how a fault is shown where it belongs. */

import { html, signal, useEffect, useRef } from "../vendor/preact.js";
import { isAbort, isApiError } from "./api.js";

/** @typedef {{id: number, text: string, bad: boolean}} Toast */

const SHOWN_MS = 5000;
const toasts = signal(/** @type {Toast[]} */ ([]));
let last = 0;

/** @param {string} text @param {{bad?: boolean}} [options] */
export function tell(text, { bad = false } = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, text, bad }];
  setTimeout(() => (toasts.value = toasts.value.filter((each) => each.id !== id)), SHOWN_MS);
}

/** @param {unknown} error @returns {string} a sentence for people */
export function sentence(error) {
  if (isApiError(error)) return error.message;
  return "Something on this page failed. Reload it; if it stays, tell whoever runs this service.";
}

/** Tells what a button could not do. @param {unknown} error */
export function tellFault(error) {
  if (isAbort(error)) return;
  if (!isApiError(error)) console.error(error);
  tell(sentence(error), { bad: true });
}

/** In the top layer, shown anew with each notice: so it stands above a dialog that is open. */
export function Toasts() {
  const layer = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    layer.current?.hidePopover();
    if (toasts.value.length > 0) layer.current?.showPopover();
  }, [toasts.value]);
  return html`<div ref=${layer} class="toasts" popover="manual" role="status" aria-live="polite">
    ${toasts.value.map((each) => html`<div key=${each.id} class=${each.bad ? "toast bad" : "toast"}>${each.text}</div>`)}
  </div>`;
}

/** @param {{error: unknown, again?: (() => void) | undefined}} props */
export function Problem({ error, again }) {
  const id = isApiError(error) ? error.requestId : null;
  return html`<div class="notice bad" role="alert">
    <span>${sentence(error)}</span>
    ${id ? html`<code class="small soft">${id}</code>` : null}
    ${again ? html`<button type="button" class="button little" onClick=${again}>Try again</button>` : null}
  </div>`;
}
