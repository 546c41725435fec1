/** An invite: for an account, in a role; its link is shown once. */

import { html, useState } from "../../vendor/preact.js";
import { get, post } from "../api.js";
import { Secret } from "../copy.js";
import { Dialog } from "../dialog.js";
import { Field, Form, useForm } from "../form.js";
import { useLoad } from "../load.js";

/** @param {{onClose: () => void, onMade: () => Promise<void>}} props */
export function NewInvite({ onClose, onMade }) {
  const [link, setLink] = useState(/** @type {string | null} */ (null));
  const { content } = useLoad((signal) => get("/site/admin/accounts", { signal }), []);
  const form = useForm(async ({ account, role }) => {
    setLink((await post("/site/admin/invites", { account, role })).link);
    await onMade();
  });
  if (link) return html`<${Made} link=${link} onClose=${onClose} />`;
  /** @type {[string, string][]} */
  const accounts = (content?.accounts ?? []).map((/** @type {{id: string, name: string}} */ { id, name }) => [id, name]);
  return html`<${Dialog} key="asked" title="Invite somebody" onClose=${onClose}>
    <${Form} of=${form} act="Make the link" onCancel=${onClose}>
      <${Field} of=${form} name="account" label="Account" options=${accounts} />
      <${Field} of=${form} name="role" label="Role" options=${ROLES} hint="Admins see and change everything on the Admin page." />
    <//>
  <//>`;
}

const ROLES = [["user", "User"], ["admin", "Admin"]];

/** @param {{link: string, onClose: () => void}} props */
function Made({ link, onClose }) {
  return html`<${Dialog} key="made" title="The invite" onClose=${onClose}>
    <p>It lets one person in, once, within seven days. Send it over a channel that you trust; it is not shown again.</p>
    <${Secret} text=${link} label="Copy link" />
    <div class="row end"><button type="button" class="button primary" onClick=${onClose}>Done</button></div>
  <//>`;
}
