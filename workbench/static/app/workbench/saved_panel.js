/** Prompts on the server: saved as versions, found, opened, shared inside the service; and the same as a file. */

import { html } from "../../vendor/preact.js";
import { CopyButton } from "../copy.js";
import { FilePanel } from "./file_panel.js";
import { current, linkTo } from "./saved.js";
import { SavedForm } from "./saved_form.js";
import { SavedList } from "./saved_list.js";

export function SavedPanel() {
  return html`<div class="stack">
    <${SavedForm} />
    <${Link} />
    <p class="small soft">Text, branches, parameters, seed, model and log probabilities are kept on the server, for you alone until you share them. Nothing else that you write here is.</p>
    <${SavedList} />
    <${FilePanel} />
  </div>`;
}

/** To what is open, in the version that is open. */
function Link() {
  const open = current.value;
  if (!open) return null;
  const older = open.version < open.latest;
  const who = open.shared ? "Everybody who is signed in can read it by this link." : "Only you can open this link until you share the prompt.";
  return html`<div class="row"><${CopyButton} little label=${older ? `Copy link to version ${open.version}` : "Copy the link"} text=${linkTo(open, older ? open.version : null)} /><span class="small soft">${who}</span></div>`;
}
