/** The editor on the page, tied to the state. */

import { effect, html, useEffect, useRef } from "../../vendor/preact.js";
import { Editor } from "./editor.js";
import { redoPrediction, undoPrediction } from "./branching.js";
import { generate, regenerate, stop } from "./generating.js";
import { acceptPreview, acceptWord, dropPreview, preview } from "./preview.js";
import { fail, show, useEditor } from "./stage.js";
import * as state from "./state.js";
import { tokenizeSoon } from "./tokenizing.js";

/** @param {() => unknown} act @returns {() => boolean} */
function always(act) {
  return () => {
    void act();
    return true;
  };
}

/** The editor's own keys; those of the whole page are in `shortcuts.js`. */
const KEYS = [
  { key: "Mod-Enter", run: always(generate) },
  { key: "Mod-Shift-Enter", run: always(() => generate({ atCaret: true })) },
  { key: "Shift-Enter", run: always(regenerate) },
  { key: "Ctrl-Space", run: always(preview) },
  { key: "Tab", run: acceptPreview },
  { key: "Ctrl-ArrowRight", mac: "Alt-ArrowRight", run: acceptWord },
  { key: "Escape", run: () => dropPreview() || stop() },
  { key: "Mod-Alt-ArrowLeft", run: always(undoPrediction) },
  { key: "Mod-Alt-ArrowRight", run: always(redoPrediction) },
  { key: "F8", run: always(undoPrediction), shift: always(redoPrediction) }, // some desktops keep Ctrl+Alt+arrows to themselves
];

const EARS = {
  keys: KEYS,
  onChange: changed,
  onSelect: (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ head) => {
    if (to !== state.selection.value.to) dropPreview(); // it goes on from where the caret was
    state.selection.value = { from, to, head };
    state.chosen.value = null;
  },
  onHover: (/** @type {number | null} */ index) => (state.hovered.value = index),
  onPress: (/** @type {number | null} */ index) => (state.chosen.value = index),
};

/** @param {import("./document.js").Document} document @param {boolean} typed */
function changed(document, typed) {
  if (document.text !== state.text.value.text) dropPreview();
  state.text.value = document;
  state.hovered.value = null; // until the pointer moves again
  if (typed || !state.running.value) tokenizeSoon(show, fail);
}

export function DocumentView() {
  const host = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const editor = new Editor(/** @type {HTMLElement} */ (host.current), EARS);
    useEditor(editor);
    const ends = [effect(() => coloured(editor)), effect(() => editor.showBlanks(state.blanks.value))];
    editor.focus();
    return () => {
      ends.forEach((end) => end());
      useEditor(null);
      editor.close();
    };
  }, []);
  return html`<div class="document" ref=${host}></div>`;
}

/** @param {Editor} editor */
function coloured(editor) {
  const { mode, ghost, selection } = state;
  const at = state.hovered.value ?? state.chosen.value ?? -1;
  editor.look({ mode: mode.value, grain: state.grain.value, at, ghost: ghost.value, ghostAt: ghost.value.length ? selection.peek().to : 0 });
}
