/**
 * A key as the service tells it; never the key itself.
 *
 * @typedef {{
 *   id: string, name: string, prefix: string, last4: string, state: string, created: string, expires: string | null,
 *   models: string[] | null, monthly_tokens: number | null, concurrency: number | null, spent: number, held: number,
 *   last_used: string | null, workbench: boolean
 * }} Key
 * @typedef {{cap: number | null, used: number, held: number, remaining: number | null}} Balance
 * @typedef {{keys: Key[], account: Balance}} Keys
 */

import { html } from "../../vendor/preact.js";
import { percent, short, whole } from "../format.js";

/** @type {Record<string, string>} */
const LOOKS = { active: "badge good", paused: "badge caution", revoked: "badge bad", expired: "badge bad" };

/** @param {{state: string}} props */
export function KeyState({ state }) {
  return html`<span class=${LOOKS[state] ?? "badge"}>${state}</span>`;
}

/** @param {Key} key whether it can ever be used again */
export function isOver({ state }) {
  return state === "revoked" || state === "expired";
}

/** What was spent, of the cap where there is one. @param {{record: Key}} props */
export function Spent({ record: { spent, monthly_tokens: cap } }) {
  if (cap === null) return html`<span class="number" title=${`${whole(spent)} tokens`}>${short(spent)}</span>`;
  return html`<div class="spent" title=${`${whole(spent)} of ${whole(cap)} tokens`}>
    <span class="number">${short(spent)} of ${short(cap)}<span class="soft"> · ${percent(cap ? spent / cap : 1)}</span></span>
    <meter class=${spent >= cap * 0.9 ? "low" : ""} min="0" max=${Math.max(cap, 1)} value=${spent} aria-label="Spent of the cap"></meter>
  </div>`;
}
