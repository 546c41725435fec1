/** The tokens around the caret, each with its id: what the model really reads. */

import { html, useEffect, useRef } from "../../vendor/preact.js";
import { choose } from "./shortcuts.js";
import { visible } from "./spelling.js";
import * as state from "./state.js";

const AROUND = 12;

export function TokenLine() {
  const document = state.text.value;
  const at = state.looked.value;
  const first = Math.max(0, Math.min(at - AROUND, document.pieces.length - 2 * AROUND - 1));
  const shown = document.pieces.slice(first, first + 2 * AROUND + 1);
  const line = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => centre(line.current), [at, document]);
  return html`<div class="token-line" ref=${line} role="group" aria-label="Tokens around the caret">
    ${shown.map((piece, offset) => html`<${Token} key=${first + offset} piece=${piece} index=${first + offset} at=${first + offset === at} />`)}
  </div>`;
}

/** Only across: the page itself stays where it is. @param {HTMLElement | null} line */
function centre(line) {
  const now = line?.querySelector(".now");
  if (line && now instanceof HTMLElement) line.scrollLeft = now.offsetLeft - line.offsetLeft - (line.clientWidth - now.offsetWidth) / 2;
}

/** @param {{piece: import("./document.js").Piece, index: number, at: boolean}} props */
function Token({ piece, index, at }) {
  const id = piece.id ?? (piece.ids ? piece.ids.join(" ") : "…");
  return html`<button type="button" class=${at ? "token now" : "token"} aria-current=${at ? "true" : undefined} onClick=${() => choose(index)}>
    <span class="spelt">${visible(piece.spelled ?? piece.text, 18)}</span><span class="id">${id}</span>
  </button>`;
}
