/** The drawings of the interface: 16 units wide, in the colour of the text beside them, nothing to a screen reader. */

import { html } from "../vendor/preact.js";

const PATHS = {
  mark: "M2 13.5V2.5M2 8h3.5c4 0 3-5 8.5-5M5.5 8c4 0 3 5 8.5 5M5.5 8H14",
  theme: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 0v12M10 4.4v7.2M12 6v4",
  feedback: "M2.5 3h11v7.5H7L4 13.2v-2.7H2.5z",
  people: "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-5.5 9-5.5 9 0M10.5 2.7a2.4 2.4 0 0 1 0 4.6M12.3 10c1.4.6 2.2 1.8 2.2 3.5",
  user: "M8 7.500a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.500ZM2.5 14c0-2.8 2.4-4.5 5.5-4.500s5.5 1.7 5.5 4.5",
  close: "M3.5 3.500l9 9M12.5 3.500l-9 9",
  copy: "M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3",
  tick: "M3 8.500l3.5 3.500L13 4.5",
  plus: "M8 3v10M3 8h10",
  out: "M9.5 3h3.500v3.500M13 3L7.5 8.500M11.5 9.500v3.500h-8.500V5h3.5",
  down: "M8 2.500v8M4.5 7.500L8 11l3.5-3.500M3 13.500h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  warm: "M8 14c2.6 0 4.5-1.8 4.5-4.3C12.5 6.5 9.5 5.5 9 2 6.5 3.5 6.5 6 6.5 7.2 5.3 6.9 5 5.4 5 5.4 2.5 8 3 14 8 14Z",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {{name: IconName, size?: number}} props */
export function Icon({ name, size = 16 }) {
  return html`<svg viewBox="0 0 16 16" width=${size} height=${size} fill="none" stroke="currentColor" stroke-width="1.4"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
