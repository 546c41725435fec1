/** Feedback, newest first. */

import { html, useState } from "../../vendor/preact.js";
import { get } from "../api.js";
import { ago, moment } from "../format.js";
import { Loaded, useLoad } from "../load.js";
import { Section } from "./section.js";

/**
 * @typedef {{id: string, text: string, page: string, request_id: string | null, parameters: object | null, user: string | null,
 *   created: string}} Feedback
 */

export function Inbox() {
  const load = useLoad((signal) => get("/site/admin/feedback", { signal }), [], 60);
  const list = (/** @type {{feedback: Feedback[]}} */ { feedback }) => (feedback.length === 0
    ? html`<div class="panel empty"><p>Nobody has sent feedback yet.</p></div>`
    : html`<div class="stack">${feedback.map((one) => html`<${Letter} key=${one.id} one=${one} />`)}</div>`);
  return html`<${Section} title="Feedback" note="What people sent with the button that is on every page.">
    <${Loaded} load=${load}>${list}<//>
  <//>`;
}

/** @param {{one: Feedback}} props */
function Letter({ one }) {
  const [open, setOpen] = useState(false);
  return html`<article class="panel letter">
    <div class="row small soft">
      <b class="verbatim">${one.user ?? "somebody who is gone"}</b><span title=${moment(one.created)}>${ago(one.created)}</span>
      <span class="tag">${one.page}</span>${one.request_id ? html`<code class="verbatim">${one.request_id}</code>` : null}
    </div>
    <p class="verbatim">${one.text}</p>
    ${one.parameters ? html`<button type="button" class="button little" aria-expanded=${open}
      onClick=${() => setOpen(!open)}>Parameters</button>` : null}
    ${open ? html`<pre class="code verbatim"><code>${JSON.stringify(one.parameters, null, 2)}</code></pre>` : null}
  </article>`;
}
