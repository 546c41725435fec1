/** A modal dialog: the browser's own keeps the focus inside and closes on Escape. */

import { html, useEffect, useId, useRef } from "../vendor/preact.js";
import { Icon } from "./icons.js";

/**
 * It is open while it is rendered. Only its own buttons close a locked one.
 *
 * @param {{title: string, onClose: () => void, wide?: boolean, locked?: boolean, children?: any}} props
 */
export function Dialog({ title, onClose, wide = false, locked = false, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const [opened, before] = [dialog.current, document.activeElement];
    opened?.showModal();
    return () => {
      opened?.close();
      if (before instanceof HTMLElement) before.focus(); // what is taken out of the page gives no focus back by itself
    };
  }, []);
  /** @param {Event} event */
  const cancel = (event) => {
    event.preventDefault(); // the owner closes it, by rendering it no more
    if (!locked) onClose();
  };
  const closed = () => {
    if (!dialog.current?.isConnected) return;
    if (locked) dialog.current.showModal(); // a second Escape closes any dialog, whatever its owner says
    else onClose();
  };
  return html`<dialog ref=${dialog} class=${wide ? "dialog wide" : "dialog"} aria-labelledby=${id} onCancel=${cancel} onClose=${closed}>
    <div class="inside">
      <header>
        <h2 id=${id}>${title}</h2>
        ${locked ? null : html`<${CloseButton} onClose=${onClose} />`}
      </header>
      ${children}
    </div>
  </dialog>`;
}

/** @param {{onClose: () => void}} props */
function CloseButton({ onClose }) {
  return html`<button type="button" class="button plain icon" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button>`;
}
