/** Models as the operator sees them: why one fails, its warm windows, its boots. */

import { html, useState } from "../../vendor/preact.js";
import { get, post } from "../api.js";
import { duration, moment } from "../format.js";
import { Loaded, useLoad } from "../load.js";
import { BootProgress, ModelState } from "../models/card.js";
import { WarmPolicy } from "../models/windows.js";
import { Table } from "../table.js";
import { tellFault } from "../tell.js";
import { Section } from "./section.js";

/**
 * @typedef {{id: string, waker: string, asked: number, phases: Record<string, number>, ready: number | null, ended: number | null,
 *   reason: string, idle: number, how: string}} Boot
 * @typedef {import("../models/card.js").ModelCard & {reason?: string | null}} OperatorCard
 */

export function Models() {
  const load = useLoad((signal) => get("/site/admin/models", { signal }), [], 5);
  const list = (/** @type {{models: OperatorCard[]}} */ { models }) => html`<div class="stack">
    ${models.map((model) => html`<${Model} key=${model.id} model=${model} again=${load.again} />`)}
  </div>`;
  const note = "What the Models page shows, with the reasons of failures and what each boot cost.";
  return html`<${Section} title="Models" note=${note}><${Loaded} load=${load}>${list}<//><//>`;
}

/** @param {{model: OperatorCard, again: () => Promise<void>}} props */
function Model({ model, again }) {
  const act = async (/** @type {string} */ what) => {
    await post(`/site/admin/models/${encodeURIComponent(model.id)}/${what}`);
    await again();
  };
  const off = model.state === "cold" || model.state === "failed" || model.state === "draining";
  const fixed = !off && model.warm_policy === "always"; // serve_config.yaml keeps it up
  const press = () => act(off ? "warm" : "stop").catch(tellFault);
  return html`<article class="panel model" aria-label=${model.id}>
    <div class="heading">
      <div class="row"><h3 class="verbatim">${model.id}</h3><${ModelState} model=${model} /></div>
      ${fixed ? null : html`<button type="button" class="button little" onClick=${press}
        aria-label=${`${off ? "Start" : "Stop"} ${model.id}`}>${off ? "Start" : "Stop"}</button>`}
    </div>
    ${model.reason ? html`<div class="notice bad verbatim">${model.reason}</div>` : null}
    <${BootProgress} model=${model} />
    <p class="small soft"><${WarmPolicy} model=${model} /></p>
    <${History} model=${model} />
  </article>`;
}

/** @param {{model: OperatorCard}} props */
function History({ model }) {
  const [open, setOpen] = useState(false);
  return html`<details class="folded" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary>Boot history</summary>${open ? html`<${Boots} id=${model.id} />` : null}
  </details>`;
}

/** @param {{id: string}} props */
function Boots({ id }) {
  const load = useLoad((signal) => get(`/site/admin/models/${encodeURIComponent(id)}/boots`, { signal }), [id]);
  /** @type {import("../table.js").Column<Boot>[]} */
  const columns = [
    { title: "Asked", cell: ({ asked }) => moment(asked) },
    { title: "By", cell: ({ waker }) => html`<code class="verbatim">${waker}</code>` },
    { title: "Ready after", align: "right", cell: ({ asked, ready }) => (ready ? duration(ready - asked) : "never") },
    { title: "Phases", cell: (boot) => phases(boot) },
    { title: "Idle", align: "right", cell: ({ idle }) => duration(idle) },
    { title: "Ended", cell: ({ ended, reason }) => html`<span class="verbatim">${ended ? moment(ended) : "–"} ${reason}</span>` },
  ];
  const boot = (/** @type {Boot} */ one) => one.id;
  const empty = html`<p>It has not been started yet.</p>`;
  const table = (/** @type {{boots: Boot[]}} */ { boots }) => html`<${Table} caption=${`Boots of ${id}`} columns=${columns} rows=${boots}
    id=${boot} empty=${empty} />`;
  return html`<${Loaded} load=${load}>${table}<//>`;
}

/** "allocating 2 s, loading 9 s" @param {Boot} boot */
function phases({ phases: begun, ready, ended }) {
  const row = Object.entries(begun).sort(([, a], [, b]) => a - b);
  return row.map(([name, at], each) => `${name} ${duration((row[each + 1]?.[1] ?? ready ?? ended ?? at) - at)}`).join(", ");
}
