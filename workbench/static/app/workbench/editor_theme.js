/**
 * The editor's own look. It is adopted by the shadow root, so it is here and not in a style sheet; colours come from the page's names.
 * The eight shades are one hue that grows stronger: they are told apart by lightness, whatever colours somebody sees.
 */

import { EditorView } from "../../vendor/codemirror.js";

const SHADES = Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((step) => [`.s${step}`, { backgroundColor: `var(--shade-${step})` }]));

export const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--panel)", fontSize: "0.9375rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.75", overflow: "auto", overscrollBehavior: "contain" },
  ".cm-content": { padding: "var(--space-4)", caretColor: "var(--ink)", maxWidth: "100%" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeft: "2px solid var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--selection)" },
  ".cm-placeholder": { color: "var(--ink-faint)" },
  ".cm-highlightSpace": { backgroundImage: "radial-gradient(circle at 50% 55%, var(--ink-faint) 12%, transparent 14%)" },
  ".t0, .t1": { borderRadius: "2px", padding: "0.12em 0", boxDecorationBreak: "clone" },
  ".t1": { boxShadow: "inset 0 -1px var(--token-edge)" },
  ...SHADES,
  ".model": { textDecoration: "none" },
  ".pick": { fontWeight: "700" },
  ".at": { outline: "2px solid var(--accent)", outlineOffset: "0px" },
  ".chip, .escape, .blank": {
    margin: "0 1px",
    padding: "0 0.3em",
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
    color: "var(--ink-soft)",
    fontSize: "0.8em",
    unicodeBidi: "isolate",
  },
  ".blank": { border: "none", color: "var(--ink-faint)" },
  ".chip.end": { borderStyle: "dashed" },
  ".ghost": { color: "var(--ink-faint)", fontStyle: "italic", whiteSpace: "pre-wrap" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panel.cm-search": { fontFamily: "var(--sans)", fontSize: "var(--text-note)" },
});
