/** `/usage`: what a month was spent on. */

import { html, useState } from "../../vendor/preact.js";
import { get } from "../api.js";
import { day, percent, short, whole } from "../format.js";
import { Icon } from "../icons.js";
import { Loaded, useLoad } from "../load.js";
import { openPage } from "../shell.js";
import { Table } from "../table.js";
import { DailyChart } from "../usage/chart.js";
import { MonthPicker, named, thisMonth } from "../usage/month.js";
import { daily, modelsOf, tokens, total } from "../usage/sums.js";

/** @typedef {import("../usage/sums.js").Report} Report */
/** @typedef {import("../usage/sums.js").Counts} Counts */

function Usage() {
  const [month, setMonth] = useState(thisMonth);
  const [key, setKey] = useState("");
  const asked = new URLSearchParams(key ? { month, key } : { month });
  const load = useLoad((signal) => get(`/site/usage?${asked}`, { signal }), [month, key]);
  return html`<div class="stack">
    <div class="heading">
      <div><h1>Usage</h1><p>Tokens of prompts and completions, by day (UTC), model and key.</p></div>
      <div class="row">
        <${MonthPicker} month=${month} onChoose=${setMonth} />
        <${KeyPicker} chosen=${key} onChoose=${setKey} />
        <a class="button" href=${`/site/usage.csv?month=${month}`} download><${Icon} name="down" />CSV</a>
      </div>
    </div>
    <${Loaded} load=${load}>${(/** @type {Report} */ report) => html`<${Month} report=${{ ...report, month }} />`}<//>
  </div>`;
}

/** @param {{chosen: string, onChoose: (key: string) => void}} props */
function KeyPicker({ chosen, onChoose }) {
  const { content } = useLoad((signal) => get("/site/keys", { signal }), []);
  /** @type {{id: string, name: string}[]} */
  const keys = content?.keys ?? [];
  const choose = (/** @type {any} */ event) => onChoose(event.currentTarget.value);
  return html`<select class="input key-picker" aria-label="Key" onChange=${choose}>
    <option value="" selected=${chosen === ""}>All keys</option>
    ${keys.map(({ id, name }) => html`<option value=${id} selected=${id === chosen}>${name}</option>`)}
  </select>`;
}

/** @param {{report: Report}} props */
function Month({ report }) {
  const models = modelsOf(report.by_model);
  const sum = total(report.by_model);
  if (sum.requests === 0) return html`<div class="panel empty"><p>Nothing was run in ${named(report.month)}.</p></div>`;
  return html`<div class="stack">
    <${Figures} report=${report} sum=${sum} />
    <section class="panel" aria-label="By day">
      <${DailyChart} label=${`Tokens by day in ${named(report.month)}`} models=${models} used=${daily(report, models)} />
    </section>
    <div class="halves">
      <${Rows} caption="By model" rows=${report.by_model} title="Model" name="model" />
      ${report.by_key ? html`<${Rows} caption="By key" rows=${report.by_key} title="Key" name="name" />` : null}
    </div>
    <details class="panel flush folded"><summary>Day by day</summary><${Days} rows=${report.by_day} /></details>
  </div>`;
}

/** @param {{report: Report, sum: Counts}} props */
function Figures({ report: { account, resets_at }, sum }) {
  const all = tokens(sum);
  return html`<dl class="figures">
    <div class="figure"><dt>Tokens</dt><dd title=${whole(all)}>${short(all)}</dd>
      <dd class="note">${account?.cap ? `${percent(account.used / account.cap)} of the account's budget` : "no budget is set"}</dd></div>
    <div class="figure"><dt>Prompt</dt><dd title=${whole(sum.prompt_tokens)}>${short(sum.prompt_tokens)}</dd>
      <dd class="note">tokens</dd></div>
    <div class="figure"><dt>Completion</dt><dd title=${whole(sum.completion_tokens)}>${short(sum.completion_tokens)}</dd>
      <dd class="note">tokens</dd></div>
    <div class="figure"><dt>Requests</dt><dd>${whole(sum.requests)}</dd>
      <dd class="note">${sum.errors ? `${whole(sum.errors)} failed` : `a new month on ${day(resets_at)}`}</dd></div>
  </dl>`;
}

/** @param {{caption: string, title: string, rows: any[], name: string}} props */
function Rows({ caption, title, rows, name }) {
  const id = (/** @type {any} */ row) => row.id ?? row[name];
  return html`<section class="panel flush" aria-label=${caption}>
    <div class="heading"><h2>${caption}</h2></div>
    <${Table} caption=${caption} columns=${[column(title, name), ...COUNTS]} rows=${rows} id=${id} empty=${html`<p>Nothing yet.</p>`} />
  </section>`;
}

/** @param {{rows: any[]}} props */
function Days({ rows }) {
  const id = (/** @type {any} */ row) => `${row.day} ${row.model}`;
  const columns = [column("Day", "day"), column("Model", "model"), ...COUNTS];
  return html`<${Table} caption="Day by day" columns=${columns} rows=${rows} id=${id} />`;
}

/** @param {string} title @param {string} name */
function column(title, name) {
  return { title, cell: (/** @type {any} */ row) => row[name] };
}

/** @type {import("../table.js").Column<Counts>[]} */
const COUNTS = [
  { title: "Requests", align: "right", cell: (row) => whole(row.requests) },
  { title: "Prompt", align: "right", cell: (row) => whole(row.prompt_tokens) },
  { title: "Completion", align: "right", cell: (row) => whole(row.completion_tokens) },
  { title: "Errors", align: "right", cell: (row) => whole(row.errors) },
];

openPage(Usage);
