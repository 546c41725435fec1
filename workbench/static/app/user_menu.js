/** Who is signed in, and what they do with that: change the password, sign out here or everywhere. */

import { html, useState } from "../vendor/preact.js";
import { post } from "./api.js";
import { Confirm } from "./confirm.js";
import { Dialog } from "./dialog.js";
import { Field, Form, useForm } from "./form.js";
import { Icon } from "./icons.js";
import { Menu } from "./menu.js";
import { known, session, signOut, signOutEverywhere } from "./session.js";
import { tell, tellFault } from "./tell.js";

/** The shortest password, as the service has it. */
export const SHORTEST_PASSWORD = 12;

export function UserMenu() {
  const [open, setOpen] = useState(/** @type {"password" | "everywhere" | null} */ (null));
  const close = () => setOpen(null);
  const user = session.value?.user;
  return html`<div>
    <${Menu} label="Your account" button=${html`<${Icon} name="user" />`}>
      <div class="who"><b>${user?.name}</b><span class="soft small">${user?.account}${user?.role === "admin" ? ", admin" : ""}</span></div>
      <button type="button" class="item" onClick=${() => setOpen("password")}>Change password</button>
      <button type="button" class="item" onClick=${() => setOpen("everywhere")}>Sign out everywhere</button>
      <hr />
      <button type="button" class="item" onClick=${() => signOut().catch(tellFault)}>Sign out</button>
    <//>
    ${open === "password" ? html`<${PasswordDialog} onClose=${close} />` : null}
    ${open === "everywhere" ? html`<${EverywhereDialog} onClose=${close} />` : null}
  </div>`;
}

/** @param {{onClose: () => void}} props */
function EverywhereDialog({ onClose }) {
  return html`<${Confirm} title="Sign out everywhere?" act="Sign out everywhere" onAct=${signOutEverywhere} onClose=${onClose}>
    <p>Every browser in which you are signed in, this one too, has to sign in again. API keys go on working.</p>
  <//>`;
}

/** @param {{onClose: () => void}} props */
function PasswordDialog({ onClose }) {
  const form = useForm(async (fields) => {
    await post("/site/password", { old: fields.old, new: fields.new });
    await known();
    tell("Your password is changed. Other browsers were signed out.");
    onClose();
  });
  return html`<${Dialog} title="Change password" onClose=${onClose}>
    <${Form} of=${form} act="Change password" onCancel=${onClose}>
      <input type="text" name="username" value=${session.value?.user.name} autocomplete="username" hidden />
      <${Field} of=${form} name="old" label="Current password" type="password" autocomplete="current-password" required autofocus />
      <${NewPassword} of=${form} name="new" />
    <//>
  <//>`;
}

/** @param {{of: ReturnType<typeof useForm>, name: string, label?: string}} props */
export function NewPassword({ of, name, label = "New password" }) {
  return html`<${Field} of=${of} name=${name} label=${label} type="password" autocomplete="new-password" required
    hint=${`At least ${SHORTEST_PASSWORD} characters. A few random words are good.`} />`;
}
