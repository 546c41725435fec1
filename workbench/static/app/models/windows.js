/** Warm windows in words. */

import { html } from "../../vendor/preact.js";

/** @typedef {import("./card.js").WarmWindow} WarmWindow */

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** When it is kept ready. @param {{model: import("./card.js").ModelCard}} props */
export function WarmPolicy({ model: { warm_policy, warm_windows, idle_seconds } }) {
  if (warm_policy === "always") return html`<span>always ready</span>`;
  const idle = `stops after ${Math.round(idle_seconds / 60)} min without work`;
  if (warm_policy !== "window") return html`<span>on demand; ${idle}</span>`;
  if (!warm_windows?.length) return html`<span>by schedule, else on demand; ${idle}</span>`;
  return html`<span>${warm_windows.map(inWords).join("; ")}; else on demand, ${idle}</span>`;
}

/** "Mon–Fri 08:00–18:00 (Europe/Berlin)" @param {WarmWindow} window */
export function inWords({ days, opens, closes, time_zone }) {
  return `${daysInWords(days)} ${opens}–${closes} (${time_zone})`;
}

/** @param {string[]} days */
function daysInWords(days) {
  const at = days.map((day) => DAYS.indexOf(day)).sort((a, b) => a - b);
  if (at.length === DAYS.length) return "daily";
  const [first = 0, last = 0] = [at[0], at.at(-1)];
  const row = at.length > 2 && last - first === at.length - 1;
  return row ? `${NAMES[first]}–${NAMES[last]}` : at.map((each) => NAMES[each]).join(", ");
}
