/** What hides in a text, shown as escapes inside the editor. A flood of it is one sign that says how much it is, or the page would stand still. */

import { Decoration, ViewPlugin, WidgetType } from "../../vendor/codemirror.js";
import { escaped, HIDDEN_IN_TEXT } from "./spelling.js";

/** Of more than these in a row only the first is shown. */
const MOST_IN_A_ROW = 64;
const RUNS = new RegExp(`(?:${HIDDEN_IN_TEXT.source})+`, "gu");

class Escape extends WidgetType {
  /** @param {string} label */
  constructor(label) {
    super();
    this._label = label;
  }

  /** @param {Escape} other */
  eq(other) {
    return other._label === this._label;
  }

  toDOM() {
    const shown = document.createElement("span");
    shown.className = "escape";
    shown.textContent = this._label;
    return shown;
  }

  ignoreEvent() {
    return false;
  }
}

/** @param {string} label */
function sign(label) {
  return Decoration.replace({ widget: new Escape(label) });
}

/** @param {import("../../vendor/codemirror.js").EditorView} view */
function signs(view) {
  const found = [];
  for (const { from, to } of view.visibleRanges) {
    for (const { 0: run, index } of view.state.sliceDoc(from, to).matchAll(RUNS)) found.push(...signsOf(run, from + index));
  }
  return Decoration.set(found);
}

/** @param {string} run @param {number} start */
function signsOf(run, start) {
  const characters = [...run];
  if (characters.length > MOST_IN_A_ROW) return [sign(`${escaped(characters[0] ?? "")} and ${characters.length - 1} more that hide`).range(start, start + run.length)];
  let at = start;
  return characters.map((each) => sign(escaped(each)).range(at, (at += each.length)));
}

export const hiddenView = ViewPlugin.fromClass(
  class {
    /** @param {import("../../vendor/codemirror.js").EditorView} view */
    constructor(view) {
      this.decorations = signs(view);
    }

    /** @param {import("../../vendor/codemirror.js").ViewUpdate} update */
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = signs(update.view);
    }
  },
  { decorations: (value) => value.decorations },
);
