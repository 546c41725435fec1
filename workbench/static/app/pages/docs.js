/** `/docs`: the text is in the page already; this adds the bar of a signed-in visitor, the search and the buttons that copy. */

import { html, render, useState } from "../../vendor/preact.js";
import { get } from "../api.js";
import { readBudget } from "../budget.js";
import { CopyButton } from "../copy.js";
import { found } from "../docs/search.js";
import { known, session } from "../session.js";
import { tellFault, Toasts } from "../tell.js";
import { TopBar } from "../top_bar.js";

/** @typedef {import("../docs/search.js").Entry} Entry */

const MOST = 12;
/** What a terminal's prompt and the lines that are continued look like in an example. */
const PROMPT = /^\$ /gm;

function Search() {
  const [entries, setEntries] = useState(/** @type {Entry[]} */ ([]));
  const [wanted, setWanted] = useState("");
  const load = async () => {
    if (entries.length === 0) setEntries(await get("/docs/search.json"));
  };
  const results = found(entries, wanted).slice(0, MOST);
  return html`<form class="docs-search" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <label class="hidden-text" for="docs-search">Search the docs</label>
    <input class="input" id="docs-search" type="search" placeholder="Search the docs" autocomplete="off" value=${wanted}
      onFocus=${() => load().catch(tellFault)}
      onInput=${(/** @type {Event} */ event) => setWanted(/** @type {HTMLInputElement} */ (event.target).value)} />
    <div aria-live="polite">${wanted.trim() ? html`<${Results} results=${results} />` : null}</div>
  </form>`;
}

/** @param {{results: Entry[]}} props */
function Results({ results }) {
  if (results.length === 0) return html`<p class="small soft">Nothing found.</p>`;
  return html`<ul class="docs-found">
    ${results.map(({ address, title, page }) => html`<li key=${address}>
      <a href=${address}>${title}${title === page ? null : html` <span class="small soft">${page}</span>`}</a>
    </li>`)}
  </ul>`;
}

function addCopyButtons() {
  for (const block of document.querySelectorAll("main pre")) {
    const place = document.createElement("div");
    place.className = "docs-copy";
    block.before(place);
    const text = (block.textContent ?? "").replace(PROMPT, "").trimEnd();
    render(html`<${CopyButton} text=${text} little />`, place);
  }
}

/** Who is signed in is asked last: the text needs nobody. */
async function openBar() {
  await known();
  place("bar", html`<${TopBar} />`);
  if (session.value) void readBudget();
}

/** @param {string} id @param {any} what */
function place(id, what) {
  const at = /** @type {HTMLElement} */ (document.getElementById(id));
  at.replaceChildren();
  render(what, at);
}

place("search", html`<${Search} />`);
place("toasts", html`<${Toasts} />`);
addCopyButtons();
openBar().catch(tellFault);
