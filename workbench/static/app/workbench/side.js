/** The panels beside the document, one at a time. */

import { html } from "../../vendor/preact.js";
import { BranchPanel } from "./branch_panel.js";
import { CodePanel } from "./code_panel.js";
import { ComparePanel } from "./compare_panel.js";
import { ExplorePanel } from "./explore_panel.js";
import { ParameterPanel } from "./parameter_panel.js";
import { RunHistoryPanel } from "./run_history_panel.js";
import { SavedPanel } from "./saved_panel.js";
import { ScorePanel } from "./score_panel.js";
import * as state from "./state.js";
import { TokenPanel } from "./token_panel.js";
import { UnsavedMark } from "./unsaved_mark.js";

/** @type {[string, string, any][]} */
const TABS = [
  ["token", "Token", TokenPanel],
  ["branches", "Branches", BranchPanel],
  ["parameters", "Parameters", ParameterPanel],
  ["score", "Score", ScorePanel],
  ["compare", "Compare", ComparePanel],
  ["explore", "Explore", ExplorePanel],
  ["saved", "Saved", SavedPanel],
  ["runs", "Runs", RunHistoryPanel],
  ["code", "Code", CodePanel],
];

export function Side() {
  const [id, name, Panel] = TABS.find(([each]) => each === state.tab.value) ?? /** @type {[string, string, any]} */ (TABS[0]);
  return html`<aside class="side" aria-label="Panels">
    <div class="tabs" role="tablist" onKeyDown=${moved}>
      ${TABS.map(([each, label]) => html`<button type="button" key=${each} role="tab" id=${`tab-${each}`} aria-selected=${each === id} aria-controls="side-panel"
        tabindex=${each === id ? 0 : -1} onClick=${() => (state.tab.value = each)}>${label}${each === "saved" ? html`<${UnsavedMark} />` : null}</button>`)}
    </div>
    <div class="side-panel" id="side-panel" role="tabpanel" aria-labelledby=${`tab-${id}`} aria-label=${name} tabindex="0"><${Panel} /></div>
  </aside>`;
}

/** Arrows move between tabs, as in any list of them. @param {KeyboardEvent} event */
function moved(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || !(event.currentTarget instanceof HTMLElement)) return;
  const now = TABS.findIndex(([id]) => id === state.tab.value);
  const next = TABS[(now + by + TABS.length) % TABS.length];
  if (!next) return;
  state.tab.value = next[0];
  const to = event.currentTarget.querySelector(`#tab-${next[0]}`);
  if (to instanceof HTMLElement) to.focus();
}
