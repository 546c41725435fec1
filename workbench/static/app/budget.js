/** What is left this month, in the top bar of every page: of the account, or of the Workbench's own key where that is tighter. */

import { html, signal } from "../vendor/preact.js";
import { get, isApiError } from "./api.js";
import { day, short, whole } from "./format.js";
import { useClock } from "./load.js";

/** @typedef {{cap: number | null, remaining: number | null, scope: "key" | "account", resets: string | null}} Budget */

/** null until it is known. */
export const budget = signal(/** @type {Budget | null} */ (null));
const paused = signal(false);

const SECONDS = 60;
const LOW = 0.1;

/** Reads it anew; a fault leaves what is shown. */
export async function readBudget() {
  try {
    const usage = await get("/site/v1/usage");
    budget.value = tighter(usage);
    paused.value = false;
  } catch (error) {
    paused.value = isApiError(error) && error.code === "key_paused";
  }
}

/** Takes what a completion's headers said. @param {{limit: number | null, remaining: number | null}} told */
export function hearBudget({ limit, remaining }) {
  if (remaining !== null && budget.value) budget.value = { ...budget.value, cap: limit, remaining };
}

/** @param {any} usage @returns {Budget} */
function tighter({ key, account, resets_at }) {
  const scope = key.remaining !== null && key.remaining < (account.remaining ?? Infinity) ? "key" : "account";
  const { cap, remaining } = scope === "key" ? key : account;
  return { cap, remaining, scope, resets: resets_at };
}

export function BudgetLeft() {
  useClock(readBudget, SECONDS);
  if (paused.value) return html`<a class="budget" href="/dashboard"><span class="badge caution">Workbench key paused</span></a>`;
  const known = budget.value;
  if (known === null) return html`<span class="budget"></span>`;
  if (known.remaining === null || known.cap === null) return html`<a class="budget" href="/usage">No budget set</a>`;
  return html`<${Meter} cap=${known.cap} remaining=${known.remaining} title=${title(known)} />`;
}

/** @param {{cap: number, remaining: number, title: string}} props */
function Meter({ cap, remaining, title }) {
  const low = remaining <= cap * LOW;
  return html`<a class="budget" href="/usage" title=${title}>
    <span class="number"><b>${short(remaining)}</b> <span class="words">tokens </span>left</span>
    <meter class=${low ? "low" : ""} min="0" max=${Math.max(cap, 1)} value=${remaining} aria-label=${title}></meter>
  </a>`;
}

/** @param {Budget} known */
function title({ cap, remaining, scope, resets }) {
  const whose = scope === "key" ? "the Workbench key" : "the account";
  return `${whole(remaining)} of ${whole(cap)} tokens left this month for ${whose}; new on ${day(resets)}`;
}
