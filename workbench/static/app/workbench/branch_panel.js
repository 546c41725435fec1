/** All branches as a tree: visited by a press, kept, pruned, bookmarked, judged, split, merged, hoisted. */

import { html, useState } from "../../vendor/preact.js";
import { counted } from "../format.js";
import { onTree, visit } from "./branching.js";
import { FilePanel } from "./file_panel.js";
import { MadeBy } from "./made_by.js";
import { visible } from "./spelling.js";
import * as state from "./state.js";
import { takeIn } from "./stage.js";
import { judged, keptOnly, marked, merged, nodeOf, pathTo, pruned, split } from "./tree.js";

/** Rows that are drawn; a search finds the others. */
const MOST_ROWS = 400;

/** @typedef {import("./tree.js").Tree} Tree @typedef {import("./tree.js").Node} Node */

export function BranchPanel() {
  const [search, setSearch] = useState("");
  const [only, setOnly] = useState(false);
  const tree = state.tree.value;
  const rows = listed(tree, search.toLowerCase(), only);
  return html`<div class="stack">
    <${Here} tree=${tree} />
    <${MadeBy} />
    <div class="row">
      <input class="input grow" type="search" placeholder="Search all branches" aria-label="Search all branches" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.currentTarget.value)} />
      <button type="button" class="button" aria-pressed=${only} aria-label="Bookmarks only" title="Bookmarks only" onClick=${() => setOnly(!only)}>★</button>
    </div>
    ${rows.length === 0 ? html`<p class="soft">${Object.keys(tree.nodes).length === 1 ? "No branches yet. Each run, each other token and each edit of what was there becomes one." : "Nothing found."}</p>` : null}
    <ol class="branches" aria-label="Branches">${rows.slice(0, MOST_ROWS).map((row) => html`<${Row} key=${row.node.id} ...${row} here=${tree.here} />`)}</ol>
    ${rows.length > MOST_ROWS ? html`<p class="small soft">${counted(rows.length - MOST_ROWS, "more branch", "more branches")}: search for them.</p>` : null}
    <${FilePanel} />
  </div>`;
}

/** @param {{tree: Tree}} props */
function Here({ tree }) {
  const busy = state.running.value !== null;
  const here = nodeOf(tree, tree.here);
  const lone = here.parent !== null && nodeOf(tree, here.parent).children.length === 1 && here.parent !== tree.root;
  /** @param {(tree: Tree, id: string) => Tree} change */
  const act = (change) => () => onTree((now) => change(now, now.here));
  return html`<div class="row" role="group" aria-label="This branch">
    <button type="button" class="button little" disabled=${busy} onClick=${act(marked)} aria-pressed=${here.marked}>${here.marked ? "★" : "☆"} Bookmark</button>
    <span class="row joined" role="group" aria-label="Judgement"><${Thumb} of=${here} thumb="up" sign="▲" busy=${busy} /><${Thumb} of=${here} thumb="down" sign="▼" busy=${busy} /></span>
    <button type="button" class="button little" disabled=${busy} onClick=${splitAtCaret} title="Two branches of one, the second from the token at the caret on">Split at caret</button>
    <button type="button" class="button little" disabled=${busy || !lone} onClick=${act(merged)}>Merge with parent</button>
    <${Hoist} here=${here} />
    <button type="button" class="button little" disabled=${busy || here.parent === null} onClick=${act(keptOnly)} title="Drop what hangs beside this branch">Keep only this</button>
    <button type="button" class="button little danger" disabled=${busy || here.parent === null} onClick=${act(pruned)} title="Drop this branch from here on">Prune</button>
    <button type="button" class="button little" disabled=${busy} onClick=${() => takeIn(state.text.value)} title="Take the text in as it is">Take in</button>
  </div>`;
}

/** @param {{of: Node, thumb: import("./tree.js").Thumb, sign: string, busy: boolean}} props */
function Thumb({ of: node, thumb, sign, busy }) {
  const pressed = () => onTree((tree) => judged(tree, tree.here, thumb));
  return html`<button type="button" class="button little" aria-label=${`Thumb ${thumb}`} title=${`Thumb ${thumb}; kept with the branch and exported`} aria-pressed=${node.thumb === thumb} disabled=${busy || node.parent === null} onClick=${pressed}>${sign}</button>`;
}

function splitAtCaret() {
  const index = state.text.value.indexAt(state.selection.value.head);
  onTree((tree) => split(tree, index));
}

/** @param {{here: Node}} props */
function Hoist({ here }) {
  const whole = state.hoisted.value === null;
  return html`<button type="button" class="button little" aria-pressed=${!whole} disabled=${whole && here.parent === null} onClick=${() => (state.hoisted.value = whole ? here.id : null)}
    title=${whole ? "Show only this branch and what is below it" : "Show all branches"}>${whole ? "Hoist" : "Show all"}</button>`;
}

/** What the map begins with; a hoisted branch that is gone hides nothing. @param {Tree} tree */
function tops(tree) {
  const hoisted = state.hoisted.value;
  return hoisted !== null && tree.nodes[hoisted] ? [hoisted] : nodeOf(tree, tree.root).children;
}

/**
 * The rows of the map, depth first. A lone child stands under its parent without a step to the right.
 *
 * @param {Tree} tree
 * @param {string} search
 * @param {boolean} only
 */
function listed(tree, search, only) {
  const path = new Set(pathTo(tree, tree.here).map(({ id }) => id));
  /** @type {{node: Node, depth: number, text: string, onPath: boolean, lone: boolean}[]} */
  const rows = [];
  /** @type {[string, number][]} */
  const open = tops(tree).map((id) => /** @type {[string, number]} */ ([id, 0])).reverse();
  for (let next = open.pop(); next; next = open.pop()) {
    const [id, depth] = next;
    const node = nodeOf(tree, id);
    const text = node.pieces.map((piece) => piece.text).join("");
    if ((!search || text.toLowerCase().includes(search)) && (!only || node.marked)) rows.push({ node, depth, text, onPath: path.has(id), lone: isLone(tree, node) });
    const deeper = node.children.length > 1 ? depth + 1 : depth;
    for (const child of [...node.children].reverse()) open.push([child, deeper]);
  }
  return rows;
}

/** The only child goes on with its parent; one of several is a branch. @param {Tree} tree @param {Node} node */
function isLone(tree, node) {
  return node.parent !== null && node.parent !== tree.root && nodeOf(tree, node.parent).children.length === 1;
}

/** @param {{node: Node, depth: number, text: string, onPath: boolean, lone: boolean, here: string}} props */
function Row({ node, depth, text, onPath, lone, here }) {
  const at = node.id === here;
  const class_ = ["branch", at ? "here" : "", onPath ? "on-path" : "", node.seen ? "" : "unseen", lone ? "lone" : ""].filter(Boolean).join(" ");
  const made = node.made ? `${node.made.model}, seed ${node.made.seed}, ${node.made.finish ?? "stopped"}` : "typed or chosen";
  return html`<li class=${class_} style=${{ paddingInlineStart: `${Math.min(depth, 12) * 0.9}rem` }}>
    <button type="button" aria-current=${at ? "true" : undefined} onClick=${() => visit(node.id)} title=${made}>
      <span class="mark" aria-hidden="true">${node.marked ? "★" : lone ? "│" : node.made ? "●" : "○"}</span>
      <span class="verbatim branch-text">${visible(shortened(text) || node.pieces[0]?.spelled || "", 90)}</span>
      <span class="small soft number">${node.pieces.length}</span>
      ${node.thumb ? html`<span role="img" aria-label=${`thumb ${node.thumb}`}>${node.thumb === "up" ? "▲" : "▼"}</span>` : null}
      ${node.seen ? null : html`<span class="hidden-text">not seen yet</span>`}
    </button>
  </li>`;
}

/** @param {string} text */
function shortened(text) {
  return text.length > 90 ? `${text.slice(0, 44)}…${text.slice(-44)}` : text;
}
