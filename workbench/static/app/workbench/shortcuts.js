/** The keys of the page, and the sheet that lists them. No letter with Alt: on some keyboards that types. */

import { html, useEffect, useState } from "../../vendor/preact.js";
import { Dialog } from "../dialog.js";
import { onTree, visit } from "./branching.js";
import { stop } from "./generating.js";
import { dropPreview } from "./preview.js";
import { saveNow } from "./saved_opening.js";
import * as stage from "./stage.js";
import * as state from "./state.js";
import { marked, nodeOf } from "./tree.js";

/** @type {[string, string][]} */
const SHEET = [
  ["Ctrl Enter", "Generate at the end"],
  ["Ctrl Shift Enter", "Generate at the caret; what follows stays"],
  ["Shift Enter", "Another continuation from the same place"],
  ["Esc", "Stop and keep what came; drop the preview"],
  ["Ctrl Space, then Tab or Ctrl →", "Preview a continuation, then take it, or its next word"],
  ["Ctrl Alt ← →, or F8 and Shift F8", "Undo and redo predictions"],
  ["Ctrl Z, Ctrl Y", "Undo and redo text"],
  ["Ctrl S", "Save, on the server"],
  ["Ctrl F", "Find in the document"],
  ["F2, Shift F2", "Next and previous of the most surprising tokens"],
  ["F4, Shift F4", "Next and previous token"],
  ["Ctrl . and Ctrl ,", "Next and previous of the other tokens here; Enter branches to it"],
  ["[ and ]", "Sibling branches (outside of the text)"],
  ["- and +", "Up to the parent, down to a child (outside of the text)"],
  ["*", "Bookmark this branch (outside of the text)"],
  ["?", "This sheet (outside of the text)"],
];

const open = { show: () => {} };

export function Shortcuts() {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    open.show = () => setShown(true);
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return html`<button type="button" class="button icon" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick=${() => open.show()}>?</button>
    ${shown ? html`<${Sheet} onClose=${() => setShown(false)} />` : null}`;
}

/** @param {{onClose: () => void}} props */
function Sheet({ onClose }) {
  return html`<${Dialog} title="Keyboard" onClose=${onClose}>
    <dl class="keys">${SHEET.map(([keys, what]) => html`<div key=${keys}><dt><kbd>${keys}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <p class="small soft">On a Mac, ⌘ stands for Ctrl.</p>
  <//>`;
}

/** @type {Record<string, () => void>} */
const OUTSIDE = {
  "?": () => open.show(),
  "[": () => sibling(-1),
  "]": () => sibling(1),
  "-": () => related((node) => node.parent),
  "+": () => related((node) => node.children[0] ?? null),
  "*": () => onTree((tree) => marked(tree, tree.here)),
};

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "F2") return act(event, () => surprise(event.shiftKey ? -1 : 1));
  if (event.key === "F4") return act(event, () => step(event.shiftKey ? -1 : 1));
  if ((event.key === "." || event.key === ",") && event.ctrlKey && !event.altKey) return act(event, () => counterfactual(event.key === "." ? 1 : -1));
  if (event.key === "Escape" && (state.running.value || state.ghost.value.length)) return act(event, () => dropPreview() || stop());
  if (event.key === "s" && (event.ctrlKey || event.metaKey) && !event.altKey) return act(event, saveNow);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  const key = OUTSIDE[event.key];
  if (key) act(event, key);
}

/** @param {KeyboardEvent} event @param {() => unknown} what */
function act(event, what) {
  event.preventDefault();
  what();
}

/** @param {KeyboardEvent} event */
function typing(event) {
  const [inner] = event.composedPath();
  return inner instanceof HTMLElement && (inner.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(inner.tagName) || inner.closest("dialog") !== null);
}

/** @param {number} by */
function sibling(by) {
  const tree = state.tree.value;
  const { parent } = nodeOf(tree, tree.here);
  if (parent === null) return;
  const { children } = nodeOf(tree, parent);
  const to = children[(children.indexOf(tree.here) + by + children.length) % children.length];
  if (to) visit(to);
}

/** @param {(node: import("./tree.js").Node) => string | null} to */
function related(to) {
  const id = to(nodeOf(state.tree.value, state.tree.value.here));
  if (id !== null) visit(id);
}

/** @param {number} by */
export function surprise(by) {
  const places = state.surprising.value.map(({ index }) => index);
  const now = places.indexOf(state.chosen.value ?? -1);
  const to = places[now < 0 ? (by > 0 ? 0 : places.length - 1) : (now + by + places.length) % places.length];
  if (to !== undefined) choose(to);
}

/** @param {number} by */
function step(by) {
  choose(Math.max(0, Math.min(state.text.value.pieces.length - 1, state.looked.value + by)));
}

/** Leads to the next of the tokens that could stand here, for Enter to take. @param {number} by */
function counterfactual(by) {
  state.chosen.value = state.looked.value;
  state.tab.value = "token";
  requestAnimationFrame(() => {
    const rows = [...document.querySelectorAll(".likeliest button:enabled")];
    const now = rows.indexOf(/** @type {Element} */ (document.activeElement));
    const to = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : (now + by + rows.length) % rows.length];
    if (to instanceof HTMLElement) to.focus();
  });
}

/** Looks at a token, wherever it stands. @param {number} index */
export function choose(index) {
  if (index < 0 || index >= state.text.value.pieces.length) return;
  stage.select(state.text.value.start(index));
  state.chosen.value = index;
  state.tab.value = "token";
}
