/** A long list, a page at a time, newest first: the service gives a page and, as `next`, where the one before it ends. */

import { html, useState } from "../../vendor/preact.js";
import { get } from "../api.js";
import { useLoad } from "../load.js";

/** @param {string} path @param {number} [seconds] how often the page is read again */
export function usePages(path, seconds) {
  const [cursor, setCursor] = useState(/** @type {string | null} */ (null));
  const load = useLoad((signal) => get(cursor ? `${path}?cursor=${cursor}` : path, { signal }), [path, cursor], seconds);
  return { load, cursor, setCursor, next: /** @type {string | null} */ (load.content?.next ?? null) };
}

/** @param {{pages: ReturnType<typeof usePages>}} props */
export function Turn({ pages: { cursor, setCursor, next } }) {
  if (!cursor && !next) return null;
  return html`<div class="row">
    <button type="button" class="button" disabled=${!cursor} onClick=${() => setCursor(null)}>Newest</button>
    <button type="button" class="button" disabled=${!next} onClick=${() => setCursor(next)}>Older</button>
  </div>`;
}
