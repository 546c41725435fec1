/** Prompts on the server: found, opened, saved as versions, shared inside the service. */

import { html, useState } from "../../vendor/preact.js";
import { Confirm } from "../confirm.js";
import { CopyButton } from "../copy.js";
import { ago } from "../format.js";
import { Loaded, useLoad } from "../load.js";
import { tell, tellFault } from "../tell.js";
import { current, listSaved, openSaved, remove, save, share, versions } from "./saved.js";

/** @typedef {import("./saved.js").Saved} Saved */

export function SavedPanel() {
  const [search, setSearch] = useState("");
  const [tag, setTag] = useState("");
  const [changes, setChanges] = useState(0);
  const load = useLoad((signal) => listSaved(search, tag, null, signal), [search, tag, changes]);
  const changed = () => setChanges((count) => count + 1);
  return html`<div class="stack">
    <${Save} changed=${changed} />
    <div class="row">
      <input class="input grow" type="search" aria-label="Search saved prompts" placeholder="Search saved prompts" value=${search} onChange=${(/** @type {any} */ event) => setSearch(event.currentTarget.value)} />
      ${tag ? html`<button type="button" class="button little" onClick=${() => setTag("")}>${tag} ×</button>` : null}
    </div>
    <${Loaded} load=${load}>${(/** @type {{prompts: Saved[]}} */ { prompts }) => html`<ul class="saved">
      ${prompts.map((saved) => html`<${Row} key=${saved.id} saved=${saved} changed=${changed} onTag=${setTag} />`)}
      ${prompts.length ? null : html`<li class="soft">${search || tag ? "Nothing found." : "Nothing saved yet."}</li>`}
    </ul>`}<//>
  </div>`;
}

/** @param {{changed: () => void}} props */
function Save({ changed }) {
  const open = current.value;
  const [busy, setBusy] = useState(false);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const fields = new FormData(event.currentTarget);
    const anew = event.submitter?.getAttribute("value") === "anew";
    const tags = String(fields.get("tags")).split(",").map((tag) => tag.trim()).filter(Boolean);
    setBusy(true);
    try {
      await save(String(fields.get("name")).trim(), tags, anew);
      tell("Saved.");
      changed();
    } catch (error) {
      tellFault(error);
    }
    setBusy(false);
  };
  return html`<form class="form" key=${open?.id ?? "new"} onSubmit=${submit}>
    <div class="pair">
      <div class="field"><label for="saved-name">Name</label><input class="input" id="saved-name" name="name" required maxlength="200" value=${open?.name ?? ""} /></div>
      <div class="field"><label for="saved-tags">Tags</label><input class="input" id="saved-tags" name="tags" maxlength="400" placeholder="a, b" value=${open?.tags.join(", ") ?? ""} /></div>
    </div>
    <div class="row">
      <button type="submit" class="button primary" disabled=${busy} value="save">${open ? `Save version ${open.version + 1}` : "Save"}</button>
      ${open ? html`<button type="submit" class="button" disabled=${busy} value="anew">Save as new</button>` : null}
      ${open ? html`<${CopyButton} label="Copy link" text=${`${location.origin}/workbench#prompt=${open.id}`} />` : null}
    </div>
    <p class="small soft">Text, branches, parameters, seed, model and logprobs are kept on the server. Nothing else that you write here is.</p>
  </form>`;
}

/** @param {{saved: Saved, changed: () => void, onTag: (tag: string) => void}} props */
function Row({ saved, changed, onTag }) {
  const [asking, setAsking] = useState(false);
  const [older, setOlder] = useState(/** @type {any[] | null} */ (null));
  /** @param {() => Promise<unknown>} work */
  const act = (work) => () => work().then(changed, tellFault);
  const mine = saved.mine !== false;
  return html`<li class=${current.value?.id === saved.id ? "now" : ""}>
    <button type="button" class="saved-name" onClick=${() => openSaved(saved.id).catch(tellFault)}>${saved.name}</button>
    <span class="small soft">version ${saved.version}, ${ago(saved.updated ?? saved.created)}${saved.owner && !mine ? ` · ${saved.owner}` : ""}</span>
    <span class="row">${saved.tags.map((tag) => html`<button type="button" class="tag" key=${tag} onClick=${() => onTag(tag)}>${tag}</button>`)}</span>
    <span class="row">
      <button type="button" class="button little plain" onClick=${() => versions(saved.id).then(({ versions: all }) => setOlder(all), tellFault)}>Versions</button>
      ${mine ? html`<button type="button" class="button little plain" aria-pressed=${saved.shared} onClick=${act(() => share(saved.id, !saved.shared))}>${saved.shared ? "Shared" : "Share"}</button>
      <button type="button" class="button little plain danger" onClick=${() => setAsking(true)}>Delete</button>` : null}
    </span>
    ${older ? html`<ol class="row small">${older.map((each) => html`<li key=${each.version}><button type="button" class="tag" onClick=${() => openSaved(saved.id, each.version).catch(tellFault)}>${each.version}</button></li>`)}</ol>` : null}
    ${asking ? html`<${Confirm} title="Delete this prompt?" act="Delete" danger onAct=${act(() => remove(saved.id))} onClose=${() => setAsking(false)}>
      <p>${saved.name} goes with all of its versions.</p><//>` : null}
  </li>`;
}
