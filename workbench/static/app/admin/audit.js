/** Who changed what, newest first; nothing here can be changed. */

import { html, useState } from "../../vendor/preact.js";
import { get } from "../api.js";
import { moment } from "../format.js";
import { Loaded, useLoad } from "../load.js";
import { Table } from "../table.js";
import { tellFault } from "../tell.js";
import { Section } from "./section.js";

/** @typedef {{id: string, at: string, who: string | null, what: string, target: string | null, before: any, after: any}} Entry */
/** @typedef {{audit: Entry[], next: string | null}} Entries */

export function Audit() {
  const [older, setOlder] = useState(/** @type {Entries} */ ({ audit: [], next: null }));
  const load = useLoad((signal) => get("/site/admin/audit", { signal }), []);
  const first = /** @type {Entries | null} */ (load.content);
  const next = older.audit.length ? older.next : first?.next ?? null;
  const more = async () => {
    const page = await get(`/site/admin/audit?cursor=${encodeURIComponent(next ?? "")}`);
    setOlder({ audit: [...older.audit, ...page.audit], next: page.next });
  };
  return html`<${Section} title="Audit log" note="Every change that an admin or the command line made.">
    <${Loaded} load=${load}>${(/** @type {Entries} */ { audit }) => html`<${Log} entries=${[...audit, ...older.audit]} />`}<//>
    ${next ? html`<div class="row">
      <button type="button" class="button" onClick=${() => more().catch(tellFault)}>Older entries</button>
    </div>` : null}
  <//>`;
}

/** @param {{entries: Entry[]}} props */
function Log({ entries }) {
  /** @type {import("../table.js").Column<Entry>[]} */
  const columns = [
    { title: "What", cell: ({ what }) => what },
    { title: "Of", cell: ({ target }) => html`<span class="verbatim">${target ?? "–"}</span>` },
    { title: "By", cell: ({ who }) => html`<span class="verbatim">${who ?? "the command line"}</span>` },
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
