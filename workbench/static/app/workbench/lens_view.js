/**
 * The token lens inside the editor: a shade for each token in sight, and marks for tokens that have no text. Only what is in the viewport
 * is decorated, so a long document costs no more than a short one.
 *
 * @typedef {import("./document.js").Document} Document
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("../../vendor/codemirror.js").Range<Decoration>} Range
 * @typedef {{mode: import("./lens.js").Mode, at: number, ghost: readonly Piece[], ghostAt: number,
 *   grain: import("./grain.js").Grain}} Look `at`: the token that is looked at
 */

import { Decoration, StateEffect, StateField, ViewPlugin, WidgetType } from "../../vendor/codemirror.js";
import { documentField } from "./editor_document.js";
import { groupOf, meanLens } from "./grain.js";
import { shade } from "./lens.js";
import { escaped, HIDDEN_IN_TEXT, visible } from "./spelling.js";

/** @type {Look} */
const PLAIN = { mode: "off", at: -1, ghost: [], ghostAt: 0, grain: "token" };

export const setLook = /** @type {import("../../vendor/codemirror.js").StateEffectType<Look>} */ (StateEffect.define());
const lookField = StateField.define({
  create: () => PLAIN,
  update: (look, transaction) => transaction.effects.find((effect) => effect.is(setLook))?.value ?? look,
});

/** A token without text: a special one, the beginning of a character, the end of a run. */
class Chip extends WidgetType {
  /** @param {string} label @param {string} look */
  constructor(label, look) {
    super();
    this._label = label;
    this._look = look;
  }

  /** @param {Chip} other */
  eq(other) {
    return other._label === this._label && other._look === this._look;
  }

  toDOM() {
    const chip = document.createElement("span");
    chip.className = this._look;
    chip.textContent = this._label;
    return chip;
  }

  ignoreEvent() {
    return false;
  }
}

/** @type {Map<string, Decoration>} */
const marks = new Map();

/** One decoration for each way a token can look. @param {string} look */
function mark(look) {
  const made = marks.get(look) ?? Decoration.mark({ class: look });
  marks.set(look, made);
  return made;
}

/** @param {import("../../vendor/codemirror.js").EditorView} view */
function decorations(view) {
  /** @type {Range[]} */
  const ranges = [];
  const document = view.state.field(documentField);
  const look = view.state.field(lookField);
  if (document.length !== view.state.doc.length) return Decoration.none;
  let next = 0;
  for (const { from, to } of view.visibleRanges) next = decorate(ranges, document, look, from, to, next);
  if (look.ghost.length && look.ghostAt <= document.length) ranges.push(ghostly(look));
  return Decoration.set(ranges, true);
}

/**
 * The pieces between two offsets, from the first that was not decorated yet; the next one after them.
 *
 * @param {Range[]} ranges
 * @param {Document} document
 * @param {Look} look
 * @param {number} from
 * @param {number} to
 * @param {number} first
 */
function decorate(ranges, document, look, from, to, first) {
  let index = Math.max(first, withoutText(document, document.indexAt(from)));
  let [group, shaded] = shadeAround(document, index, look);
  for (; index < document.pieces.length && document.start(index) <= to; index++) {
    if (index >= group) [group, shaded] = shadeAround(document, index, look);
    const start = document.start(index);
    const piece = document.at(index);
    const class_ = lookOf(piece, index, look, shaded);
    if (piece.text) ranges.push(mark(class_).range(start, start + piece.text.length));
    else if (chipped(document, index)) ranges.push(chip(piece, class_).range(start));
  }
  return index;
}

/** Back over the tokens without text that stand at the same place. @param {Document} document @param {number} index */
function withoutText(document, index) {
  let first = index;
  while (first > 0 && !document.at(first - 1).text) first--;
  return first;
}

/** The beginning of a character needs no mark where the character follows. @param {Document} document @param {number} index */
function chipped(document, index) {
  let next = index;
  while (document.pieces[next]?.part) next++;
  return next === index || !document.pieces[next]?.text;
}

/** Where the group of a piece ends, and the shade of the whole group. */
/** @param {Document} document @param {number} index @param {Look} look @returns {[number, number | null]} */
function shadeAround(document, index, look) {
  if (look.mode === "off" || index >= document.pieces.length) return [document.pieces.length, null];
  if (look.grain === "token") return [index + 1, shade(look.mode, document.lens(index))];
  const [from, to] = groupOf(document, index, look.grain);
  return [to, shade(look.mode, meanLens(document, from, to))];
}

/** @param {Piece} piece @param {number} index @param {Look} look @param {number | null} shaded */
function lookOf(piece, index, look, shaded) {
  const parts = [`t${index % 2}`, shaded === null ? "" : `s${shaded}`, piece.by === "you" ? "" : piece.by, index === look.at ? "at" : ""];
  return parts.filter(Boolean).join(" ");
}

/** @param {Piece} piece @param {string} look */
function chip(piece, look) {
  return Decoration.widget({ widget: new Chip(visible(piece.spelled ?? "", 24), `chip ${piece.end ? "end " : ""}${look}`), side: piece.end ? 1 : -1 });
}

/** @param {Look} look */
function ghostly({ ghost, ghostAt }) {
  const text = ghost.map((piece) => piece.text).join("").replace(HIDDEN_IN_TEXT, escaped);
  return Decoration.widget({ widget: new Chip(text, "ghost"), side: 2 }).range(ghostAt);
}

const plugin = ViewPlugin.fromClass(
  class {
    /** @param {import("../../vendor/codemirror.js").EditorView} view */
    constructor(view) {
      this.decorations = decorations(view);
    }

    /** @param {import("../../vendor/codemirror.js").ViewUpdate} update */
    update(update) {
      const changed = update.startState.field(documentField) !== update.state.field(documentField);
      const looked = update.startState.field(lookField) !== update.state.field(lookField);
      if (changed || looked || update.viewportChanged) this.decorations = decorations(update.view);
    }
  },
  { decorations: (value) => value.decorations },
);

export const lensView = [lookField, plugin];

/** A sign at the end of each line in sight that ends. */
export const lineEnds = ViewPlugin.fromClass(
  class {
    /** @param {import("../../vendor/codemirror.js").EditorView} view */
    constructor(view) {
      this.decorations = ends(view);
    }

    /** @param {import("../../vendor/codemirror.js").ViewUpdate} update */
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = ends(update.view);
    }
  },
  { decorations: (value) => value.decorations },
);

/** @param {import("../../vendor/codemirror.js").EditorView} view */
function ends(view) {
  const found = [];
  const sign = Decoration.widget({ widget: new Chip("↵", "blank"), side: 3 });
  for (const { from, to } of view.visibleRanges) {
    for (let line = view.state.doc.lineAt(from); line.to < view.state.doc.length && line.from <= to; line = view.state.doc.line(line.number + 1)) found.push(sign.range(line.to));
  }
  return Decoration.set(found, true);
}
