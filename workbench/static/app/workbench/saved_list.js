/** The saved prompts of the user: searched, by tag, a page at a time; each opened, in any version, shared and deleted. */

import { html, useEffect, useState } from "../../vendor/preact.js";
import { Confirm } from "../confirm.js";
import { CopyButton } from "../copy.js";
import { ago, counted, size, whole } from "../format.js";
import { Loaded, useLoad } from "../load.js";
import { changes, current, linkTo, listSaved, remove, share, versionsOf } from "./saved.js";
import { opening, told } from "./saved_opening.js";
import * as state from "./state.js";

/** @typedef {import("./saved.js").Saved} Saved @typedef {import("./saved.js").Page} Page */

const SOON_MS = 250;

export function SavedList() {
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  const [tag, setTag] = useState("");
  const load = useLoad((signal) => listSaved(search, tag, null, signal), [search, tag, changes.value]);
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), SOON_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return html`<section class="stack" aria-label="Saved prompts">
    <div class="row">
      <input class="input grow" type="search" aria-label="Search saved prompts" placeholder="Search names and tags" maxlength="128" value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} />
      ${tag ? html`<button type="button" class="button little" aria-label=${`No longer only ${tag}`} onClick=${() => setTag("")}>${tag} ×</button>` : null}
    </div>
    <${Loaded} load=${load}>${(/** @type {Page} */ page) => html`<${Rows} key=${`${search} ${tag} ${changes.value}`} page=${page} more=${(/** @type {string} */ cursor) => listSaved(search, tag, cursor)}
      none=${search || tag ? "Nothing found." : "Nothing saved yet."} onTag=${setTag} />`}<//>
  </section>`;
}

/** @param {{page: Page, more: (cursor: string) => Promise<Page>, none: string, onTag: (tag: string) => void}} props */
function Rows({ page, more, none, onTag }) {
  const [after, setAfter] = useState(/** @type {Page[]} */ ([]));
  const pages = [page, ...after];
  const rows = pages.flatMap(({ prompts }) => prompts);
  const next = pages.at(-1)?.next;
  const { used } = page;
  const onMore = () => told(async () => setAfter([...after, await more(String(next))]));
  return html`<ul class="saved" aria-label="Prompts">${rows.map((saved) => html`<${Row} key=${saved.id} saved=${saved} onTag=${onTag} />`)}</ul>
    ${rows.length ? null : html`<p class="soft">${none}</p>`}
    ${next ? html`<button type="button" class="button" onClick=${onMore}>More</button>` : null}
    <p class="small soft number">${whole(used.prompts)} of ${counted(used.most_prompts, "prompt")}, ${size(used.bytes)} of ${size(used.most_bytes)}</p>`;
}

/** @param {{saved: Saved, onTag: (tag: string) => void}} props */
function Row({ saved, onTag }) {
  const [versions, setVersions] = useState(/** @type {Awaited<ReturnType<typeof versionsOf>> | null} */ (null));
  const [asking, setAsking] = useState(false);
  const now = current.value?.id === saved.id;
  const shown = versions !== null;
  const flip = () => (shown ? setVersions(null) : void told(async () => setVersions(await versionsOf(saved.id))));
  return html`<li class=${now ? "now" : ""} aria-current=${now ? "true" : undefined}>
    <button type="button" class="saved-name verbatim" disabled=${state.running.value !== null} onClick=${() => opening(saved.id)}>${saved.name}</button>
    <span class="row small soft"><span>version ${saved.version}, ${ago(saved.changed)}</span>
      ${saved.tags.map((tag) => html`<button type="button" class="tag verbatim" key=${tag} aria-label=${`Only ${tag}`} onClick=${() => onTag(tag)}>${tag}</button>`)}</span>
    <span class="row">
      <button type="button" class="button little plain" aria-expanded=${shown} onClick=${flip}>Versions</button>
      <${Sharing} saved=${saved} />
      <button type="button" class="button little plain danger" onClick=${() => setAsking(true)}>Delete</button>
    </span>
    ${versions ? html`<${Versions} saved=${saved} versions=${versions} />` : null}
    ${asking ? html`<${Confirm} title="Delete this prompt?" act="Delete" danger onAct=${() => remove(saved)} onClose=${() => setAsking(false)}>
      <p><b class="verbatim">${saved.name}</b> goes with all of its versions${saved.shared ? ", also for those who have its link" : ""}.</p><//>` : null}
  </li>`;
}

/** @param {{saved: Saved}} props */
function Sharing({ saved }) {
  const press = () => told(() => share(saved, !saved.shared));
  const title = saved.shared ? "Everybody who is signed in and has the link can read it" : "Let everybody who is signed in and has the link read it, with all versions";
  return html`<button type="button" class="button little plain" aria-pressed=${saved.shared} title=${title} onClick=${press}>${saved.shared ? "Shared" : "Share"}</button>
    ${saved.shared ? html`<${CopyButton} little label="Copy link" text=${linkTo(saved)} />` : null}`;
}

/** @param {{saved: Saved, versions: Awaited<ReturnType<typeof versionsOf>>}} props */
function Versions({ saved, versions }) {
  const open = current.value;
  return html`<ol class="versions small" aria-label=${`Versions of ${saved.name}`}>${versions.map(({ version, created, bytes }) => html`<li key=${version}>
    <button type="button" class="button little" aria-current=${open?.id === saved.id && open.version === version ? "true" : undefined} disabled=${state.running.value !== null}
      onClick=${() => opening(saved.id, version)}>Version ${version}</button>
    <span class="soft number">${ago(created)}, ${size(bytes)}</span></li>`)}</ol>`;
}
