/** `/dashboard`: the keys of the account, and what is left this month. */

import { html, useState } from "../../vendor/preact.js";
import { get } from "../api.js";
import { readBudget } from "../budget.js";
import { ago, day, moment, percent, short, whole } from "../format.js";
import { Icon } from "../icons.js";
import { KeyActions } from "../keys/key_actions.js";
import { NewKey } from "../keys/new_key.js";
import { isOver, KeyState, Spent } from "../keys/record.js";
import { Loaded, useLoad } from "../load.js";
import { openPage } from "../shell.js";
import { Table } from "../table.js";

/** @typedef {import("../keys/record.js").Key} Key */
/** @typedef {import("../keys/record.js").Keys} Keys */

const SECONDS = 20;

function Dashboard() {
  const [making, setMaking] = useState(false);
  const load = useLoad((signal) => get("/site/keys", { signal }), [], SECONDS);
  const changed = async () => void (await Promise.all([load.again(), readBudget()]));
  return html`<div class="stack">
    <div class="heading">
      <div><h1>Dashboard</h1><p>Your account's keys, and what they spent this month.</p></div>
      <button type="button" class="button primary" onClick=${() => setMaking(true)}><${Icon} name="plus" />New key</button>
    </div>
    <${Loaded} load=${load}>${(/** @type {Keys} */ content) => html`<${Account} ...${content} onChange=${changed} />`}<//>
    ${making ? html`<${NewKey} onClose=${() => setMaking(false)} onMade=${changed} />` : null}
  </div>`;
}

/** @param {Keys & {onChange: () => Promise<void>}} props */
function Account({ keys, account, onChange }) {
  const over = keys.filter(isOver);
  return html`<div class="stack">
    <${Figures} account=${account} />
    <section class="panel flush" aria-label="Keys"><${KeyTable} keys=${keys.filter((key) => !isOver(key))} onChange=${onChange} /></section>
    ${over.length ? html`<details class="panel flush folded">
      <summary>Revoked and expired keys (${over.length})</summary><${KeyTable} keys=${over} onChange=${onChange} />
    </details>` : null}
  </div>`;
}

/** @param {{account: import("../keys/record.js").Balance}} props */
function Figures({ account: { cap, used, held, remaining } }) {
  return html`<dl class="figures">
    <div class="figure"><dt>Left this month</dt><dd title=${whole(remaining)}>${cap === null ? "no cap" : short(remaining)}</dd>
      <dd class="note">${cap === null ? "The account has no budget." : `of ${whole(cap)} tokens`}</dd></div>
    <div class="figure"><dt>Used</dt><dd title=${whole(used)}>${short(used)}</dd>
      <dd class="note">${cap ? `${percent(used / cap)} of the budget` : "tokens"}</dd></div>
    <div class="figure"><dt>Held</dt><dd title=${whole(held)}>${short(held)}</dd><dd class="note">by requests that run now</dd></div>
  </dl>`;
}

/** @param {{keys: Key[], onChange: () => Promise<void>}} props */
function KeyTable({ keys, onChange }) {
  /** @type {import("../table.js").Column<Key>[]} */
  const columns = [
    { title: "Name", cell: (key) => html`<${Name} record=${key} />` },
    { title: "Key", cell: (key) => html`<${Shown} record=${key} />` },
    { title: "State", cell: (key) => html`<${KeyState} state=${key.state} />` },
    { title: "Spent this month", cell: (key) => html`<${Spent} record=${key} />` },
    { title: "Last used", cell: (key) => html`<span class="number" title=${moment(key.last_used)}>${ago(key.last_used)}</span>` },
    { title: "Expires", cell: (key) => html`<span class="number">${day(key.expires)}</span>` },
    { title: "Actions", align: "actions", cell: (key) => html`<${KeyActions} record=${key} onChange=${onChange} />` },
  ];
  const id = (/** @type {Key} */ key) => key.id;
  return html`<${Table} caption="Keys" columns=${columns} rows=${keys} id=${id} muted=${isOver} empty=${NO_KEYS} />`;
}

const NO_KEYS = html`<p>No key yet. Make one to use the API from your own programs.</p>`;

/** @param {{record: Key}} props */
function Shown({ record: { prefix, last4, workbench } }) {
  return workbench ? html`<span class="soft">never shown</span>` : html`<code class="number">${prefix}…${last4}</code>`;
}

/** @param {{record: Key}} props */
function Name({ record }) {
  const limits = record.models ? `only ${record.models.join(", ")}` : "";
  return html`<div>
    <span class="verbatim">${record.name}</span>
    ${record.workbench ? html`<div class="soft small">what the Workbench runs in a browser</div>` : null}
    ${limits ? html`<div class="soft small">${limits}</div>` : null}
  </div>`;
}

openPage(Dashboard);
