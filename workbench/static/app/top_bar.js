/** The bar at the top of every page. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { BudgetLeft } from "./budget.js";
import { FeedbackButton } from "./feedback.js";
import { Icon } from "./icons.js";
import { Menu } from "./menu.js";
import { session } from "./session.js";
import { toggle } from "./theme.js";
import { UserMenu } from "./user_menu.js";

/** @typedef {{path: string, title: string, admin?: boolean, open?: boolean}} Place open: needs no sign-in */

/** @type {Place[]} */
const PLACES = [
  { path: "/workbench", title: "Workbench" },
  { path: "/dashboard", title: "Dashboard" },
  { path: "/usage", title: "Usage" },
  { path: "/models", title: "Models" },
  { path: "/docs", title: "Docs", open: true },
  { path: "/admin", title: "Admin", admin: true },
];

export function TopBar() {
  const user = session.value?.user;
  const nav = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), []);
  const places = PLACES.filter((each) => (user ? !each.admin || user.role === "admin" : each.open));
  return html`<header class="bar">
    <a class="brand" href="/" aria-label="basemodel: the first page">
      <${Icon} name="mark" size=${20} /><span class="name">basemodel</span>
    </a>
    <nav ref=${nav} class="pages" aria-label="Pages">
      ${places.map(({ path, title }) => html`<a href=${path} aria-current=${current(path)}>${title}</a>`)}
    </nav>
    <div class="tools">
      ${user ? html`<${BudgetLeft} /><${FeedbackButton} /><${Community} />` : null}
      <${ThemeButton} />
      ${user ? html`<${UserMenu} />` : html`<a class="button" href="/sign-in">Sign in</a>`}
    </div>
  </header>`;
}

function ThemeButton() {
  return html`<button type="button" class="button plain icon" aria-label="Light or dark" title="Light or dark" onClick=${toggle}>
    <${Icon} name="theme" />
  </button>`;
}

/** The lab's own places for people, those that are set. */
function Community() {
  const links = session.value?.links;
  const named = /** @type {[string, string | null | undefined][]} */ ([
    ["Community chat", links?.chat],
    ["Feedback channel", links?.feedback],
    ["Report a bug", links?.bugs],
  ]).filter(([, address]) => address);
  if (named.length === 0) return null;
  return html`<${Menu} label="Community" button=${html`<${Icon} name="people" />`}>
    ${named.map(([title, address]) => html`<a class="item" href=${address} target="_blank" rel="noopener noreferrer">
      <${Icon} name="out" />${title}
    </a>`)}
  <//>`;
}

/** @param {string} path */
function current(path) {
  return location.pathname === path || location.pathname.startsWith(`${path}/`) ? "page" : undefined;
}
