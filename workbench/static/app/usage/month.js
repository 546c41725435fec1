/** Which month is looked at: back, forth, or one of the last three years. Months are UTC, as budgets are. */

import { html } from "../../vendor/preact.js";
import { Icon } from "../icons.js";

const MONTHS = 36;
const NAME = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" });

/** This month, as in 2026-11. */
export function thisMonth() {
  return new Date().toISOString().slice(0, 7);
}

/** @param {string} month @param {number} step */
export function later(month, step) {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + step, 1)).toISOString().slice(0, 7);
}

/** @param {string} month */
export function named(month) {
  return NAME.format(new Date(`${month}-01T00:00:00Z`));
}

/** @param {{month: string, onChoose: (month: string) => void}} props */
export function MonthPicker({ month, onChoose }) {
  const now = thisMonth();
  const offered = Array.from({ length: MONTHS }, (_, back) => later(now, -back));
  return html`<div class="row nowrap">
    <${Step} name="left" label="The month before" disabled=${month === offered.at(-1)} onPress=${() => onChoose(later(month, -1))} />
    <select class="input" aria-label="Month" value=${month} onChange=${(/** @type {any} */ event) => onChoose(event.currentTarget.value)}>
      ${offered.map((each) => html`<option value=${each} selected=${each === month}>${named(each)}</option>`)}
    </select>
    <${Step} name="right" label="The month after" disabled=${month === now} onPress=${() => onChoose(later(month, 1))} />
  </div>`;
}

/** @param {{name: "left" | "right", label: string, disabled: boolean, onPress: () => void}} props */
function Step({ name, label, disabled, onPress }) {
  return html`<button type="button" class="button icon" aria-label=${label} disabled=${disabled} onClick=${onPress}>
    <${Icon} name=${name} />
  </button>`;
}
