/** A new key: made, shown once, copied. */

import { html, useState } from "../../vendor/preact.js";
import { post } from "../api.js";
import { Secret } from "../copy.js";
import { Dialog } from "../dialog.js";
import { Form, useForm } from "../form.js";
import { session } from "../session.js";
import { KeyFields, wanted } from "./key_fields.js";

/** @param {{onClose: () => void, onMade: () => void}} props */
export function NewKey({ onClose, onMade }) {
  const [key, setKey] = useState(/** @type {string | null} */ (null));
  const form = useForm(async (fields) => {
    const made = await post("/site/keys", given(wanted(fields)));
    setKey(made.key);
    onMade();
  });
  if (key !== null) return html`<${ShownOnce} key="shown" secret=${key} onClose=${onClose} />`;
  return html`<${Dialog} key="asked" title="New key" onClose=${onClose}>
    <${Form} of=${form} act="Create the key" onCancel=${onClose}><${KeyFields} of=${form} /><//>
  <//>`;
}

/** What is left empty is not sent: the service has its own defaults. @param {Record<string, any>} fields */
function given(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** Only its button closes it, so that a stray Escape loses no key. @param {{secret: string, onClose: () => void}} props */
function ShownOnce({ secret, onClose }) {
  const base = session.value?.service.base_url ?? `${location.origin}/v1`;
  return html`<${Dialog} title="Your new key" onClose=${onClose} locked>
    <p>This is the only time it is shown: the service keeps no copy. Store it like a password.</p>
    <${Secret} text=${secret} label="Copy key" />
    <p class="soft small">For a terminal, as every example in the <a href="/docs" target="_blank">docs</a> uses it:</p>
    <${Secret} text=${`export ACS_API_KEY=${secret}\nexport ACS_API_BASE=${base}`} label="Copy both" />
    <div class="row end"><button type="button" class="button primary" onClick=${onClose}>I have stored it</button></div>
  <//>`;
}
