/** Users and their roles; invites and resets, as links to copy. */

import { html, useState } from "../../vendor/preact.js";
import { del, get, patch, post } from "../api.js";
import { Confirm } from "../confirm.js";
import { Secret } from "../copy.js";
import { Dialog } from "../dialog.js";
import { ago, moment } from "../format.js";
import { Icon } from "../icons.js";
import { Loaded, useLoad } from "../load.js";
import { session } from "../session.js";
import { Table } from "../table.js";
import { tell, tellFault } from "../tell.js";
import { NewInvite } from "./new_invite.js";
import { Section } from "./section.js";

/**
 * @typedef {{id: string, name: string, account: string, role: "user" | "admin", state: string, created: string}} User
 * @typedef {{id: string, account: string, role: string, created: string, expires: string, made_by: string | null}} Invite
 */

export function People() {
  const [inviting, setInviting] = useState(false);
  const users = useLoad((signal) => get("/site/admin/users", { signal }), []);
  const invites = useLoad((signal) => get("/site/admin/invites", { signal }), []);
  const button = html`<button type="button" class="button primary" onClick=${() => setInviting(true)}>
    <${Icon} name="plus" />Invite
  </button>`;
  const table = (/** @type {{users: User[]}} */ content) => html`<${Users} ...${content} onChange=${users.again} />`;
  const open = (/** @type {{invites: Invite[]}} */ content) => html`<${Invites} ...${content} onChange=${invites.again} />`;
  return html`<${Section} title="People" note="Who signs in here. Each belongs to an account." action=${button}>
    <${Loaded} load=${users}>${table}<//>
    <h3>Open invites</h3>
    <${Loaded} load=${invites}>${open}<//>
    ${inviting ? html`<${NewInvite} onClose=${() => setInviting(false)} onMade=${invites.again} />` : null}
  <//>`;
}

/** @param {{users: User[], onChange: () => Promise<void>}} props */
function Users({ users, onChange }) {
  /** @type {import("../table.js").Column<User>[]} */
  const columns = [
    { title: "Name", cell: ({ name }) => html`<span class="verbatim">${name}</span>` },
    { title: "Account", cell: ({ account }) => html`<span class="verbatim">${account}</span>` },
    { title: "Role", cell: ({ role }) => role },
    { title: "State", cell: ({ state }) => html`<span class=${state === "active" ? "badge good" : "badge bad"}>${state}</span>` },
    { title: "Joined", cell: ({ created }) => ago(created) },
    { title: "Actions", align: "actions", cell: (user) => html`<${UserActions} user=${user} onChange=${onChange} />` },
  ];
  const id = (/** @type {User} */ user) => user.id;
  return html`<div class="panel flush"><${Table} caption="Users" columns=${columns} rows=${users} id=${id} /></div>`;
}

/** @typedef {{title: string, words: string, danger?: boolean, act: () => Promise<unknown>}} Question */

/** @param {{user: User, onChange: () => Promise<void>}} props */
function UserActions({ user, onChange }) {
  const [asked, setAsked] = useState(/** @type {Question | null} */ (null));
  const [link, setLink] = useState(/** @type {string | null} */ (null));
  const reset = async () => setLink((await post("/site/admin/resets", { user: user.id })).link);
  const act = async (/** @type {Question} */ question) => {
    await question.act();
    await onChange();
  };
  const itself = user.id === session.value?.user.id;
  return html`<div class="row">
    <button type="button" class="button plain little" onClick=${() => reset().catch(tellFault)}>Reset link</button>
    ${itself ? null : questions(user).map((question) => html`<button type="button" class="button plain little"
      onClick=${() => setAsked(question)}>${question.title}</button>`)}
    ${asked ? html`<${Confirm} title=${`${asked.title}: “${user.name}”?`} act=${asked.title} danger=${asked.danger}
      onAct=${() => act(asked)} onClose=${() => setAsked(null)}><p>${asked.words}</p><//>` : null}
    ${link ? html`<${ResetLink} user=${user} link=${link} onClose=${() => setLink(null)} />` : null}
  </div>`;
}

/** @param {User} user @returns {Question[]} */
function questions({ id, role, state }) {
  const change = (/** @type {object} */ what) => () => patch(`/site/admin/users/${id}`, what);
  const words = "An admin sees all accounts, and changes budgets, people and models.";
  const admin = { title: "Make admin", words, act: change({ role: "admin" }) };
  const user = { title: "Make user", words: "Nothing on this page can be seen or changed any more.", act: change({ role: "user" }) };
  const disable = { title: "Disable", words: "Every session ends, and nobody can sign in under this name.", danger: true };
  return [
    role === "admin" ? user : admin,
    state === "active" ? { ...disable, act: change({ state: "disabled" }) }
      : { title: "Enable", words: "Signing in works again.", act: change({ state: "active" }) },
  ];
}

/** @param {{user: User, link: string, onClose: () => void}} props */
function ResetLink({ user, link, onClose }) {
  return html`<${Dialog} title=${`Reset link for “${user.name}”`} onClose=${onClose}>
    <p>With it a new password is chosen, once, within a day. Send it over a channel that you trust; it is not shown again.</p>
    <${Secret} text=${link} label="Copy link" />
  <//>`;
}

/** @param {{invites: Invite[], onChange: () => Promise<void>}} props */
function Invites({ invites, onChange }) {
  const withdraw = async (/** @type {Invite} */ invite) => {
    await del(`/site/admin/invites/${invite.id}`);
    tell("The invite is withdrawn.");
    await onChange();
  };
  /** @type {import("../table.js").Column<Invite>[]} */
  const columns = [
    { title: "Account", cell: ({ account }) => html`<span class="verbatim">${account}</span>` },
    { title: "Role", cell: ({ role }) => role },
    { title: "Made", cell: ({ created }) => ago(created) },
    { title: "By", cell: ({ made_by }) => (made_by ? html`<span class="verbatim">${made_by}</span>` : "the command line") },
    { title: "Works until", cell: ({ expires }) => moment(expires) },
    { title: "Actions", align: "actions", cell: (invite) => html`<div class="row"><button type="button" class="button plain little"
      onClick=${() => withdraw(invite).catch(tellFault)}>Withdraw</button></div>` },
  ];
  const id = (/** @type {Invite} */ invite) => invite.id;
  return html`<div class="panel flush">
    <${Table} caption="Open invites" columns=${columns} rows=${invites} id=${id} empty=${html`<p>No invite is open.</p>`} />
  </div>`;
}
