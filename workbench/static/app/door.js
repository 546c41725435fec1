/** The pages before the site: signing in, an invite, a new password. One panel in the middle, no bar. */

import { html, render } from "../vendor/preact.js";
import { isApiError } from "./api.js";
import { Icon } from "./icons.js";
import { Toasts } from "./tell.js";

/** @param {any} Page a component; where the connection is insecure, a page says why nobody can sign in over it */
export function openDoor(Page) {
  const at = /** @type {HTMLElement} */ (document.getElementById("page"));
  render(html`<div class="door">
    <main class="stack">
      <div class="brand"><${Icon} name="mark" size=${28} /><span>basemodel</span></div>
      ${window.isSecureContext ? html`<${Page} />` : html`<${InsecurePage} />`}
    </main>
    <${Toasts} />
  </div>`, at);
}

/** The token after the # of a link, which is taken out of the address bar (and so out of the history) at once. */
export function takeToken() {
  addEventListener("hashchange", () => location.reload()); // another link was opened in this tab
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return token;
}

/** @param {unknown} error */
export function isInsecure(error) {
  return isApiError(error) && error.code === "insecure";
}

export function InsecurePage() {
  return html`<section class="panel">
    <h1>This connection is not secure</h1>
    <p>You opened this site over plain http (<code class="verbatim">${location.origin}</code>). Everybody on the network between you and
      it could read your password and take over your session, so nobody can sign in this way.</p>
    <p>Use the site's https address. On the machine that runs the service itself, <code>http://127.0.0.1:${location.port || "80"}</code>
      works as well; from another machine a tunnel leads there:</p>
    <pre class="code"><code>ssh -L ${location.port || "8000"}:127.0.0.1:${location.port || "8000"} ${location.hostname}</code></pre>
    <p class="soft">For the operator: put a proxy with a certificate in front, and set <code>BASEMODEL_PUBLIC_URL</code> to its https
      address. API keys work over any connection that you trust; they are sent as a header by your own program.</p>
  </section>`;
}

/** @param {{title: string, children?: any}} props */
export function Sorry({ title, children }) {
  return html`<section class="panel"><h1>${title}</h1>${children}<p><a href="/sign-in">Go to the sign-in page</a></p></section>`;
}
