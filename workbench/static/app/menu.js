/** A menu under a button: the browser's own popover, which closes on Escape and on a press elsewhere. */

import { html, useId, useRef } from "../vendor/preact.js";

/** @param {{label: string, button: any, children?: any}} props label: for a screen reader, where the button is a drawing */
export function Menu({ label, button, children }) {
  const id = useId();
  const menu = useRef(/** @type {HTMLElement | null} */ (null));
  const hide = () => menu.current?.hidePopover();
  return html`<div>
    <button type="button" class="button plain icon" aria-label=${label} title=${label} popovertarget=${id}>${button}</button>
    <div ref=${menu} id=${id} class="menu" popover="auto" onClick=${hide}>${children}</div>
  </div>`;
}
