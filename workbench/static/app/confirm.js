/** A question before what cannot be undone. */

import { html, useState } from "../vendor/preact.js";
import { Dialog } from "./dialog.js";
import { Problem } from "./tell.js";

/**
 * @param {{title: string, act: string, onAct: () => Promise<unknown>, onClose: () => void, danger?: boolean, children?: any}} props
 *   act: the words on the button, which say what it does
 */
export function Confirm({ title, act, onAct, onClose, danger = false, children }) {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const press = async () => {
    setRunning(true);
    try {
      await onAct();
      onClose();
    } catch (fault) {
      setError(fault);
      setRunning(false);
    }
  };
  const style = danger ? "button primary danger" : "button primary";
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="stack">${children}</div>
    ${error ? html`<${Problem} error=${error} />` : null}
    <div class="row end">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class=${style} disabled=${running} onClick=${press}>${act}</button>
    </div>
  <//>`;
}
