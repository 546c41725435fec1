/** Who changed what, newest first; nothing here can be changed. */

import { html } from "../../vendor/preact.js";
import { moment } from "../format.js";
import { Loaded } from "../load.js";
import { Table } from "../table.js";
import { Turn, usePages } from "./pages.js";
import { Section } from "./section.js";

/**
 * `user` is null where no user did it: the command line, or somebody who could not sign in.
 *
 * @typedef {{id: string, at: string, who: string, user: string | null, what: string, target: string | null, before: any, after: any}} Entry
 */

const NOTE = "Who came in, and who changed what, on a page or by a command.";

export function Audit() {
  const pages = usePages("/site/admin/audit");
  return html`<${Section} title="Audit log" note=${NOTE}>
    <${Loaded} load=${pages.load}>${(/** @type {{audit: Entry[]}} */ { audit }) => html`<${Log} entries=${audit} />`}<//>
    <${Turn} pages=${pages} />
  <//>`;
}

/** @param {{entries: Entry[]}} props */
function Log({ entries }) {
  /** @type {import("../table.js").Column<Entry>[]} */
  const columns = [
    { title: "What", cell: ({ what }) => html`<code class="verbatim">${what}</code>` },
    { title: "Of", cell: ({ target }) => html`<span class="verbatim">${target ?? "–"}</span>` },
    { title: "By", cell: ({ who, user }) => (user ? html`<span class="verbatim">${who}</span>` : html`<i class="soft">${who}</i>`) },
    { title: "When", cell: ({ at }) => moment(at) },
    { title: "Before", cell: ({ before }) => html`<${Value} value=${before} />` },
    { title: "After", cell: ({ after }) => html`<${Value} value=${after} />` },
  ];
  const id = (/** @type {Entry} */ entry) => entry.id;
  return html`<div class="panel flush">
    <${Table} caption="Audit log" columns=${columns} rows=${entries} id=${id} empty=${html`<p>Nothing was changed yet.</p>`} />
  </div>`;
}

/** @param {{value: any}} props */
function Value({ value }) {
  return html`<code class="verbatim">${value === null || value === undefined ? "–" : JSON.stringify(value)}</code>`;
}
