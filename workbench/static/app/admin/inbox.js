/** Feedback, newest first: read, marked, deleted. */

import { html, useState } from "../../vendor/preact.js";
import { del, patch } from "../api.js";
import { Confirm } from "../confirm.js";
import { ago, counted, moment } from "../format.js";
import { Loaded } from "../load.js";
import { tellFault } from "../tell.js";
import { Turn, usePages } from "./pages.js";
import { Section } from "./section.js";

/**
 * @typedef {{id: string, text: string, page: string, request_id: string | null, parameters: object | null, user: string | null,
 *   created: string, read: boolean}} Feedback
 * @typedef {{feedback: Feedback[], unread: number, next: string | null}} Letters
 */

const SECONDS = 60;

export function Inbox() {
  const pages = usePages("/site/admin/feedback", SECONDS);
  const list = (/** @type {Letters} */ { feedback, unread }) => (feedback.length === 0
    ? html`<div class="panel empty"><p>Nobody has sent feedback yet.</p></div>`
    : html`<div class="stack"><p class="soft">${counted(unread, "letter")} not read yet.</p>
      ${feedback.map((one) => html`<${Letter} key=${one.id} one=${one} again=${pages.load.again} />`)}</div>`);
  return html`<${Section} title="Feedback" note="What people sent with the button that is on every page.">
    <${Loaded} load=${pages.load}>${list}<//>
    <${Turn} pages=${pages} />
  <//>`;
}

/** @param {{one: Feedback, again: () => Promise<void>}} props */
function Letter({ one, again }) {
  return html`<article class="panel letter">
    <div class="row small soft">
      ${one.read ? null : html`<span class="badge good">New</span>`}
      <b class="verbatim">${one.user ?? "somebody who is gone"}</b><span title=${moment(one.created)}>${ago(one.created)}</span>
      <span class="tag verbatim">${one.page}</span>${one.request_id ? html`<code class="verbatim">${one.request_id}</code>` : null}
    </div>
    <p class="verbatim">${one.text}</p>
    <${Actions} one=${one} again=${again} />
  </article>`;
}

/** @param {{one: Feedback, again: () => Promise<void>}} props */
function Actions({ one, again }) {
  const [open, setOpen] = useState(/** @type {"parameters" | "delete" | null} */ (null));
  const address = `/site/admin/feedback/${one.id}`;
  const mark = () => patch(address, { read: !one.read }).then(again).catch(tellFault);
  const shown = open === "parameters";
  return html`<div class="stack"><div class="row">
      <button type="button" class="button plain little" onClick=${mark}>${one.read ? "Mark as new" : "Mark as read"}</button>
      <button type="button" class="button plain little" onClick=${() => setOpen("delete")}>Delete</button>
      ${one.parameters ? html`<button type="button" class="button plain little" aria-expanded=${shown}
        onClick=${() => setOpen(shown ? null : "parameters")}>Parameters</button>` : null}
    </div>
    ${shown ? html`<pre class="code verbatim"><code>${JSON.stringify(one.parameters, null, 2)}</code></pre>` : null}
    ${open === "delete" ? html`<${Confirm} title="Delete this feedback?" act="Delete" danger onAct=${() => del(address).then(again)}
      onClose=${() => setOpen(null)}><p>It is gone for good.</p><//>` : null}
  </div>`;
}
