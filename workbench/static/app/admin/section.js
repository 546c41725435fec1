/** One part of the Admin page: a heading, a note, and what can be begun here. */

import { html } from "../../vendor/preact.js";

/** @param {{title: string, note: string, action?: any, children?: any}} props */
export function Section({ title, note, action, children }) {
  return html`<section class="stack" aria-label=${title}>
    <div class="heading"><div><h2>${title}</h2><p>${note}</p></div>${action}</div>
    ${children}
  </section>`;
}
