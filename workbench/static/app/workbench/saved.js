/**
 * Prompts saved on the server: names, tags, versions, sharing.
 *
 * @typedef {{id: string, name: string, tags: string[], version: number, shared: boolean, mine?: boolean, owner?: string, updated?: string, created?: string}} Saved
 */

import { signal } from "../../vendor/preact.js";
import { del, get, post, put } from "../api.js";
import { content, open } from "./file.js";

/** The one that is open, so that saving makes its next version. */
export const current = signal(/** @type {Saved | null} */ (null));

/** @param {string} search @param {string} tag @param {string | null} cursor @param {AbortSignal} [signal] */
export function listSaved(search, tag, cursor, signal) {
  const query = new URLSearchParams(Object.entries({ search, tag, cursor: cursor ?? "" }).filter(([, value]) => value));
  return get(`/site/prompts?${query}`, signal ? { signal } : {});
}

/** @param {string} id @param {number} [version] */
export async function openSaved(id, version) {
  const saved = await get(`/site/prompts/${encodeURIComponent(id)}${version ? `?version=${version}` : ""}`);
  open(saved.content);
  current.value = saved;
  history.replaceState(null, "", `#prompt=${saved.id}`);
}

/** A new prompt, or the next version of the one that is open. @param {string} name @param {string[]} tags @param {boolean} anew */
export async function save(name, tags, anew) {
  const body = { name, tags, content: content() };
  const now = current.value;
  const saved = now && !anew ? await put(`/site/prompts/${encodeURIComponent(now.id)}`, { ...body, parent: now.version }) : await post("/site/prompts", body);
  current.value = saved;
  history.replaceState(null, "", `#prompt=${saved.id}`);
}

/** @param {string} id @param {boolean} shared */
export async function share(id, shared) {
  await post(`/site/prompts/${encodeURIComponent(id)}/share`, { shared });
  if (current.value?.id === id) current.value = { ...current.value, shared };
}

/** @param {string} id */
export async function remove(id) {
  await del(`/site/prompts/${encodeURIComponent(id)}`);
  if (current.value?.id !== id) return;
  current.value = null;
  history.replaceState(null, "", location.pathname);
}

/** @param {string} id */
export function versions(id) {
  return get(`/site/prompts/${encodeURIComponent(id)}/versions`);
}
