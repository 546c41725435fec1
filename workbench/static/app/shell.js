/**
 * The frame around every page.
 *
 *     openPage(Dashboard)                  signs in first; then the bar, and Dashboard under it
 *     openPage(Docs, { open: true })       needs no sign-in
 *     openPage(Workbench, { whole: true }) takes the whole window
 */

import { html, render } from "../vendor/preact.js";
import { readBudget } from "./budget.js";
import { Dialog } from "./dialog.js";
import { known, session, sessionEnded, signIn } from "./session.js";
import { Problem, tell, tellFault, Toasts } from "./tell.js";
import { TopBar } from "./top_bar.js";

/** @typedef {{open?: boolean, whole?: boolean, admin?: boolean}} Kind */

/** @param {any} Page a component @param {Kind} [kind] */
export async function openPage(Page, kind = {}) {
  const at = /** @type {HTMLElement} */ (document.getElementById("page"));
  try {
    await (kind.open ? known() : signIn());
  } catch (error) {
    render(html`<${Frame}><${Problem} error=${error} again=${() => location.reload()} /><//>`, at);
    return;
  }
  render(html`<${Frame} whole=${kind.whole}>${allowed(kind) ? html`<${Page} />` : html`<${NotAdmin} />`}<//>`, at);
  if (session.value) void readBudget();
}

/** @param {Kind} kind */
function allowed(kind) {
  return !kind.admin || session.value?.user.role === "admin";
}

/** @param {{whole?: boolean, children?: any}} props */
function Frame({ whole = false, children }) {
  return html`<div>
    <a class="skip" href="#main" onClick=${skip}>Skip to the page</a>
    <${TopBar} />
    <main id="main" class=${whole ? "page whole" : "page"} tabindex="-1">${children}</main>
    <${Toasts} />
    ${sessionEnded.value ? html`<${SignInAgain} />` : null}
  </div>`;
}

/** By script: the fragment is the Workbench's own. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function NotAdmin() {
  return html`<div class="empty">
    <h1>For admins</h1>
    <p>This page is for those who run the service. Ask one of them, if you should be one.</p>
  </div>`;
}

/** The session ended under a page in use: what is on it stays. */
function SignInAgain() {
  const before = session.value?.user.id;
  const goOn = async () => {
    const found = await known();
    if (!found) tell("You are still signed out: sign in first.", { bad: true });
    else if (found.user.id !== before) location.reload(); // somebody else's page is not shown to this one
  };
  return html`<${Dialog} title="You are signed out" onClose=${() => {}} locked>
    <p>The session ended. Sign in again in another tab, then go on here: nothing on this page is lost.</p>
    <div class="row end">
      <a class="button" href="/sign-in" target="_blank" rel="noopener">Sign in</a>
      <button type="button" class="button primary" onClick=${() => goOn().catch(tellFault)}>Go on</button>
    </div>
  <//>`;
}
