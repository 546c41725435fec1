/** `/invite#TOKEN`: somebody new chooses a name and a password. */

import { html, useState } from "../../vendor/preact.js";
import { isApiError, post } from "../api.js";
import { InsecurePage, isInsecure, openDoor, Sorry, takeToken } from "../door.js";
import { Field, Form, useForm } from "../form.js";
import { moment } from "../format.js";
import { Loaded, useLoad } from "../load.js";
import { keep, leaveTo } from "../session.js";
import { NewPassword } from "../user_menu.js";

const token = takeToken();

function InvitePage() {
  const load = useLoad((signal) => post("/site/invites/look", { token }, { signal }), []);
  if (isInsecure(load.error)) return html`<${InsecurePage} />`;
  if (!token || (isApiError(load.error) && load.error.status < 429 && load.error.status >= 400)) return html`<${UsedUp} />`;
  const join = (/** @type {any} */ invite) => html`<${Join} invite=${invite} />`;
  return html`<section class="panel"><${Loaded} load=${load}>${join}<//></section>`;
}

function UsedUp() {
  return html`<${Sorry} title="This invite opens nothing">
    <p>It was used already, it is older than seven days, or the link is not whole. Open the whole link once more, or ask who sent it for
      another.</p>
  <//>`;
}

/** @param {{invite: {account: string, role: string, expires: string}}} props */
function Join({ invite }) {
  const [insecure, setInsecure] = useState(false);
  const form = useForm(async ({ name, password }) => {
    try {
      keep(await post("/site/invites/accept", { token, name, password }));
    } catch (error) {
      if (isInsecure(error)) return setInsecure(true);
      throw error;
    }
    return leaveTo("/");
  });
  if (insecure) return html`<${InsecurePage} />`;
  return html`<div class="stack">
    <h1>Welcome</h1>
    <p>You are invited to the account <b>${invite.account}</b>${invite.role === "admin" ? " as an admin" : ""}. Choose the name and the
      password that you will sign in with.</p>
    <${Form} of=${form} act="Join">
      <${Field} of=${form} name="name" label="Name" autocomplete="username" autocapitalize="none" spellcheck=${false} required autofocus />
      <${NewPassword} of=${form} name="password" label="Password" />
    <//>
    <p class="soft small">The invite works once, until ${moment(invite.expires)}.</p>
  </div>`;
}

openDoor(InvitePage);
