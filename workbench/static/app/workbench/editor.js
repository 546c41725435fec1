/**
 * The editor: CodeMirror over the document, whose pieces follow every edit. In a shadow root, where its styles may be adopted; the
 * page's policy allows no inline ones.
 *
 * @typedef {import("./document.js").Document} Document
 * @typedef {{onChange: (document: Document, typed: boolean) => void, onSelect: (from: number, to: number, head: number) => void,
 *   onHover: (index: number | null) => void, onPress: (index: number | null) => void, keys: readonly import("../../vendor/codemirror.js").KeyBinding[]}} Ears
 */

import {
  Compartment, drawSelection, EditorState, EditorView, highlightWhitespace, history, historyKeymap, keymap, placeholder, search,
  searchKeymap, standardKeymap, Transaction,
} from "../../vendor/codemirror.js";
import { difference } from "./edits.js";
import { documentField, remember, setDocument } from "./editor_document.js";
import { theme } from "./editor_theme.js";
import { hiddenView } from "./hidden_view.js";
import { lensView, lineEnds, setLook } from "./lens_view.js";

export class Editor {
  /** @param {HTMLElement} host @param {Ears} ears */
  constructor(host, ears) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open", delegatesFocus: true });
    root.replaceChildren();
    this._blanks = new Compartment();
    this._lock = new Compartment();
    const state = EditorState.create({ extensions: [fixed(ears), this._blanks.of([]), this._lock.of([])] });
    this.view = new EditorView({ state, root, parent: root });
  }

  /** Shows a document, with the least change of the text. @param {Document} document @param {number | null} [caret] */
  show(document, caret = null) {
    const now = this.view.state.doc.toString();
    const changes = difference(now, document.text);
    const selection = caret === null ? undefined : { anchor: Math.min(caret, document.length) };
    this.view.dispatch({
      effects: setDocument.of(document),
      annotations: Transaction.addToHistory.of(false),
      ...(changes ? { changes } : {}),
      ...(selection ? { selection, scrollIntoView: true } : {}),
    });
  }

  /** Nobody types into what is being written. @param {boolean} locked */
  lock(locked) {
    this.view.dispatch({ effects: this._lock.reconfigure(locked ? EditorState.readOnly.of(true) : []) });
  }

  /** How it is coloured. @param {import("./lens_view.js").Look} look */
  look(look) {
    this.view.dispatch({ effects: setLook.of(look) });
  }

  /** @param {boolean} shown */
  showBlanks(shown) {
    this.view.dispatch({ effects: this._blanks.reconfigure(shown ? [highlightWhitespace(), lineEnds] : []) });
  }

  /** @param {number} from @param {number} [to] */
  select(from, to = from) {
    this.view.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
  }

  follow() {
    this.view.dispatch({ effects: EditorView.scrollIntoView(this.view.state.selection.main.head) });
  }

  focus() {
    this.view.focus();
  }

  close() {
    this.view.destroy();
  }
}

/** @param {Ears} ears */
function fixed(ears) {
  return [
    documentField,
    remember,
    keymap.of(ears.keys),
    EditorState.lineSeparator.of("\n"),
    history(),
    search({ top: true }),
    drawSelection(),
    EditorView.lineWrapping,
    placeholder("Write the beginning of a document. The model goes on with it."),
    hiddenView,
    lensView,
    theme,
    EditorView.contentAttributes.of(ATTRIBUTES),
    keymap.of([...searchKeymap.filter(({ key }) => !/Alt-[a-z]/.test(key ?? "")), ...historyKeymap, ...standardKeymap]),
    EditorView.updateListener.of((update) => heard(update, ears)),
    pointer(ears),
  ];
}

/** @type {Record<string, string>} */
const ATTRIBUTES = { "aria-label": "Document", spellcheck: "false", autocorrect: "off", autocapitalize: "off", translate: "no" };

/** @param {import("../../vendor/codemirror.js").ViewUpdate} update @param {Ears} ears */
function heard(update, ears) {
  const document = update.state.field(documentField);
  const typed = update.transactions.some((each) => each.docChanged && each.annotation(Transaction.userEvent) !== undefined);
  if (document !== update.startState.field(documentField)) ears.onChange(document, typed);
  const { from, to, head } = update.state.selection.main;
  if (update.selectionSet || update.docChanged) ears.onSelect(from, to, head);
}

/** @param {Ears} ears */
function pointer(ears) {
  /** @param {MouseEvent} event @param {EditorView} view */
  const under = (event, view) => {
    const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
    return at === null ? null : view.state.field(documentField).indexAt(at);
  };
  return EditorView.domEventHandlers({
    mousemove: (event, view) => void ears.onHover(event.buttons ? null : under(event, view)),
    mouseleave: () => void ears.onHover(null),
    click: (event, view) => void (view.state.selection.main.empty && ears.onPress(under(event, view))),
  });
}
