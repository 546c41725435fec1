/** Accounts: their budgets, what they used, and whether they may run anything. */

import { html, useState } from "../../vendor/preact.js";
import { get, patch, post } from "../api.js";
import { Confirm } from "../confirm.js";
import { Dialog } from "../dialog.js";
import { Field, Form, useForm } from "../form.js";
import { percent, short, whole } from "../format.js";
import { Icon } from "../icons.js";
import { Loaded, useLoad } from "../load.js";
import { Table } from "../table.js";
import { tell } from "../tell.js";
import { tokensOf } from "../tokens.js";
import { Section } from "./section.js";

/**
 * @typedef {{id: string, name: string, state: string, monthly_tokens: number, used: number, held: number,
 *   remaining: number}} Account
 */

export function Accounts() {
  const [making, setMaking] = useState(false);
  const load = useLoad((signal) => get("/site/admin/accounts", { signal }), []);
  const button = html`<button type="button" class="button" onClick=${() => setMaking(true)}><${Icon} name="plus" />New account</button>`;
  return html`<${Section} title="Accounts" note="Who owns keys and a monthly budget of tokens." action=${button}>
    <${Loaded} load=${load}>${(/** @type {{accounts: Account[]}} */ { accounts }) => html`<div class="stack">
      <${Totals} accounts=${accounts} /><${AccountTable} accounts=${accounts} onChange=${load.again} />
    </div>`}<//>
    ${making ? html`<${NewAccount} onClose=${() => setMaking(false)} onChange=${load.again} />` : null}
  <//>`;
}

/** @param {{accounts: Account[]}} props */
function Totals({ accounts }) {
  const sum = (/** @type {"used" | "held"} */ what) => accounts.reduce((all, account) => all + account[what], 0);
  return html`<dl class="figures">
    <div class="figure"><dt>Accounts</dt><dd>${whole(accounts.length)}</dd></div>
    <div class="figure"><dt>Used this month</dt><dd title=${whole(sum("used"))}>${short(sum("used"))}</dd><dd class="note">tokens</dd></div>
    <div class="figure"><dt>Held now</dt><dd title=${whole(sum("held"))}>${short(sum("held"))}</dd><dd class="note">tokens</dd></div>
  </dl>`;
}

/** @param {{accounts: Account[], onChange: () => Promise<void>}} props */
function AccountTable({ accounts, onChange }) {
  /** @type {import("../table.js").Column<Account>[]} */
  const columns = [
    { title: "Account", cell: ({ name }) => html`<span class="verbatim">${name}</span>` },
    { title: "State", cell: ({ state }) => html`<span class=${state === "active" ? "badge good" : "badge bad"}>${state}</span>` },
    { title: "Budget", align: "right", cell: (account) => whole(account.monthly_tokens) },
    { title: "Used", align: "right", cell: (account) => html`<${Used} account=${account} />` },
    { title: "Held", align: "right", cell: ({ held }) => whole(held) },
    { title: "Actions", align: "actions", cell: (account) => html`<${Actions} account=${account} onChange=${onChange} />` },
  ];
  const id = (/** @type {Account} */ account) => account.id;
  return html`<div class="panel flush"><${Table} caption="Accounts" columns=${columns} rows=${accounts} id=${id} /></div>`;
}

/** @param {{account: Account}} props */
function Used({ account: { used, monthly_tokens: cap } }) {
  const share = cap ? html`<span class="soft"> · ${percent(used / cap)}</span>` : null;
  return html`<span title=${`${whole(used)} tokens`}>${short(used)}${share}</span>`;
}

/** @param {{account: Account, onChange: () => Promise<void>}} props */
function Actions({ account, onChange }) {
  const [open, setOpen] = useState(/** @type {"budget" | "state" | null} */ (null));
  const close = () => setOpen(null);
  const active = account.state === "active";
  return html`<div class="row">
    <button type="button" class="button plain little" onClick=${() => setOpen("budget")}>Budget</button>
    <button type="button" class="button plain little" onClick=${() => setOpen("state")}>${active ? "Disable" : "Enable"}</button>
    ${open === "budget" ? html`<${Budget} account=${account} onChange=${onChange} onClose=${close} />` : null}
    ${open === "state" ? html`<${Switch} account=${account} onChange=${onChange} onClose=${close} />` : null}
  </div>`;
}

/** @param {{account: Account, onChange: () => Promise<void>, onClose: () => void}} props */
function Budget({ account, onChange, onClose }) {
  const form = useForm(async (fields) => {
    await patch(`/site/admin/accounts/${account.id}`, { monthly_tokens: tokensOf(fields.monthly_tokens, "monthly_tokens") });
    await onChange();
    onClose();
  });
  return html`<${Dialog} title=${`Budget of “${account.name}”`} onClose=${onClose}>
    <${Form} of=${form} act="Set the budget" onCancel=${onClose}>
      <${BudgetField} of=${form} value=${account.monthly_tokens} hint="250k and 1.5M are understood. Below what is used, nothing new runs." />
    <//>
  <//>`;
}

/** @param {{account: Account, onChange: () => Promise<void>, onClose: () => void}} props */
function Switch({ account, onChange, onClose }) {
  const act = account.state === "active" ? "disable" : "enable";
  const does = async () => {
    await post(`/site/admin/accounts/${account.id}/${act}`);
    await onChange();
  };
  const words = act === "disable" ? "Disable" : "Enable";
  return html`<${Confirm} title=${`${words} “${account.name}”?`} act=${words} danger=${act === "disable"} onAct=${does} onClose=${onClose}>
    <p>${act === "disable" ? "All its keys stop within seconds, running requests too." : "Its keys work again."}</p>
  <//>`;
}

/** @param {{onClose: () => void, onChange: () => Promise<void>}} props */
function NewAccount({ onClose, onChange }) {
  const form = useForm(async (fields) => {
    const monthly_tokens = tokensOf(fields.monthly_tokens, "monthly_tokens");
    await post("/site/admin/accounts", { name: fields.name?.trim(), ...(monthly_tokens === null ? {} : { monthly_tokens }) });
    tell("The account is made. Invite somebody to it next.");
    await onChange();
    onClose();
  });
  return html`<${Dialog} title="New account" onClose=${onClose}>
    <${Form} of=${form} act="Create the account" onCancel=${onClose}>
      <${Field} of=${form} name="name" label="Name" autocomplete="off" required autofocus />
      <${BudgetField} of=${form} value=${null} hint="250k and 1.5M are understood. Empty: a thousand million." />
    <//>
  <//>`;
}

/** @param {{of: ReturnType<typeof useForm>, value: number | null, hint: string}} props */
function BudgetField({ of, value, hint }) {
  return html`<${Field} of=${of} name="monthly_tokens" label="Monthly budget (tokens)" value=${value ?? ""} inputmode="numeric"
    autocomplete="off" hint=${hint} />`;
}
