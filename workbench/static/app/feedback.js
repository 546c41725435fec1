/** Feedback, one press away on every page. */

import { html, signal, useState } from "../vendor/preact.js";
import { post } from "./api.js";
import { Dialog } from "./dialog.js";
import { Field, Form, useForm } from "./form.js";
import { Icon } from "./icons.js";
import { tell } from "./tell.js";

/**
 * What a page offers to send along: the last request's id, and its parameters. The Workbench sets it; nothing is sent without a tick.
 *
 * @type {import("../vendor/preact.js").Signal<{requestId?: string | null, parameters?: Record<string, unknown> | null}>}
 */
export const concerning = signal({});

export function FeedbackButton() {
  const [open, setOpen] = useState(false);
  return html`<div>
    <button type="button" class="button plain" aria-label="Feedback" aria-haspopup="dialog" onClick=${() => setOpen(true)}>
      <${Icon} name="feedback" /><span class="words">Feedback</span>
    </button>
    ${open ? html`<${FeedbackDialog} onClose=${() => setOpen(false)} />` : null}
  </div>`;
}

/** @param {{onClose: () => void}} props */
function FeedbackDialog({ onClose }) {
  const { requestId, parameters } = concerning.value;
  const form = useForm(async (fields) => {
    await post("/site/feedback", feedback(fields));
    tell("Thank you. Your feedback is with the people who run this service.");
    onClose();
  });
  return html`<${Dialog} title="Feedback" onClose=${onClose}>
    <p class="soft">What works, what does not, what is missing. It goes to the people who run this service.</p>
    <${Form} of=${form} act="Send" onCancel=${onClose}>
      <${Field} of=${form} name="text" label="Your feedback" lines=${6} maxlength="10000" required autofocus />
      <${Field} of=${form} name="request_id" label="Request id (optional)" hint="It lets the operator find the request in the logs."
        value=${requestId ?? ""} maxlength="128" autocomplete="off" spellcheck=${false} class="input mono" />
      ${parameters ? html`<label class="choice"><input type="checkbox" name="parameters" value="yes" />
        <span>Send the parameters of my last request along (no prompt, no output)</span></label>` : null}
    <//>
  <//>`;
}

/** @param {Record<string, string>} fields */
function feedback({ text, request_id, parameters }) {
  return {
    text,
    page: location.pathname,
    ...(request_id?.trim() ? { request_id: request_id.trim() } : {}),
    ...(parameters ? { parameters: concerning.value.parameters } : {}),
  };
}
