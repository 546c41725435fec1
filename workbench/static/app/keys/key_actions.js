/** What can be done with a key: pause, resume, change, revoke. */

import { html, useState } from "../../vendor/preact.js";
import { patch, post } from "../api.js";
import { Confirm } from "../confirm.js";
import { Dialog } from "../dialog.js";
import { Form, useForm } from "../form.js";
import { tell, tellFault } from "../tell.js";
import { KeyFields, wanted } from "./key_fields.js";
import { isOver } from "./record.js";

/** @typedef {import("./record.js").Key} Key */

/** @param {{record: Key, onChange: () => Promise<void>}} props */
export function KeyActions({ record, onChange }) {
  const [open, setOpen] = useState(/** @type {"change" | "revoke" | null} */ (null));
  const close = () => setOpen(null);
  if (isOver(record)) return null;
  return html`<div class="row">
    <${PauseButton} record=${record} onChange=${onChange} />
    <${Act} words="Edit" name=${record.name} onPress=${() => setOpen("change")} />
    ${record.workbench ? null : html`<${Act} words="Revoke" name=${record.name} danger onPress=${() => setOpen("revoke")} />`}
    ${open === "change" ? html`<${Change} record=${record} onChange=${onChange} onClose=${close} />` : null}
    ${open === "revoke" ? html`<${Revoke} record=${record} onChange=${onChange} onClose=${close} />` : null}
  </div>`;
}

/** @param {{words: string, name: string, danger?: boolean, disabled?: boolean, onPress: () => void}} props */
function Act({ words, name, danger = false, disabled = false, onPress }) {
  return html`<button type="button" class=${danger ? "button plain little danger" : "button plain little"} aria-label=${`${words} ${name}`}
    disabled=${disabled} onClick=${onPress}>${words}</button>`;
}

/** @param {{record: Key, onChange: () => Promise<void>}} props */
function PauseButton({ record, onChange }) {
  const [running, setRunning] = useState(false);
  const paused = record.state === "paused";
  const press = async () => {
    setRunning(true);
    try {
      await post(`/site/keys/${record.id}/${paused ? "resume" : "pause"}`);
      tell(paused ? `“${record.name}” works again.` : `“${record.name}” is paused; it stops within seconds.`);
      await onChange();
    } catch (error) {
      tellFault(error);
    }
    setRunning(false);
  };
  return html`<${Act} words=${paused ? "Resume" : "Pause"} name=${record.name} disabled=${running} onPress=${press} />`;
}

/** @param {{record: Key, onChange: () => Promise<void>, onClose: () => void}} props */
function Change({ record, onChange, onClose }) {
  const form = useForm(async (fields) => {
    await patch(`/site/keys/${record.id}`, wanted(fields, record));
    await onChange();
    onClose();
  });
  return html`<${Dialog} title=${`Edit “${record.name}”`} onClose=${onClose}>
    <${Form} of=${form} act="Save" onCancel=${onClose}><${KeyFields} of=${form} record=${record} /><//>
  <//>`;
}

/** @param {{record: Key, onChange: () => Promise<void>, onClose: () => void}} props */
function Revoke({ record, onChange, onClose }) {
  const act = async () => {
    await post(`/site/keys/${record.id}/revoke`);
    await onChange();
    tell(`“${record.name}” is revoked.`);
  };
  return html`<${Confirm} title=${`Revoke “${record.name}”?`} act="Revoke for good" danger onAct=${act} onClose=${onClose}>
    <p>Whatever uses <code>${record.prefix}…${record.last4}</code> stops within seconds, running requests too. This cannot be undone; to
      stop it for a while, pause it.</p>
  <//>`;
}
