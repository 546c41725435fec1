/** Light, dark, or as the system is. Loaded before the first paint (`blocking="render"`), so that no page flashes. */

const KEPT = "theme";

/** @typedef {"light" | "dark"} Theme */

/** @returns {Theme | null} null: as the system is */
export function chosen() {
  const kept = stored();
  return kept === "light" || kept === "dark" ? kept : null;
}

/** @returns {Theme} */
export function shown() {
  return chosen() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** The other one; where that is the system's own, nothing is kept. */
export function toggle() {
  const other = shown() === "dark" ? "light" : "dark";
  store(null);
  apply();
  if (shown() !== other) store(other);
  apply();
  document.dispatchEvent(new Event("theme"));
}

function apply() {
  const theme = chosen();
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function stored() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing: the theme lasts as long as the page
  }
}

/** @param {Theme | null} theme */
function store(theme) {
  try {
    if (theme) localStorage.setItem(KEPT, theme);
    else localStorage.removeItem(KEPT);
  } catch {
    document.documentElement.dataset.theme = theme ?? "";
  }
}

apply();
