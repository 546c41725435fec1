/** `/admin`: for those who run the service. The part that is shown is the address's fragment, so that each has a link. */

import { html, useEffect, useState } from "../../vendor/preact.js";
import { Accounts } from "../admin/accounts.js";
import { Audit } from "../admin/audit.js";
import { Inbox } from "../admin/inbox.js";
import { Models } from "../admin/models.js";
import { People } from "../admin/people.js";
import { openPage } from "../shell.js";

/** @type {[string, string, any][]} */
const PARTS = [
  ["accounts", "Accounts", Accounts],
  ["people", "People", People],
  ["feedback", "Feedback", Inbox],
  ["models", "Models", Models],
  ["audit", "Audit log", Audit],
];

function Admin() {
  const [chosen, Part] = useFragment();
  return html`<div class="stack">
    <h1>Admin</h1>
    <nav class="parts" aria-label="Parts of this page">
      ${PARTS.map(([id, title]) => html`<a href=${`#${id}`} aria-current=${id === chosen ? "true" : undefined}>${title}</a>`)}
    </nav>
    <${Part} key=${chosen} />
  </div>`;
}

/** @returns {[string, any]} */
function useFragment() {
  const read = () => PARTS.find(([id]) => `#${id}` === location.hash) ?? /** @type {[string, string, any]} */ (PARTS[0]);
  const [part, setPart] = useState(read);
  useEffect(() => {
    const changed = () => setPart(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return [part[0], part[2]];
}

openPage(Admin, { admin: true });
