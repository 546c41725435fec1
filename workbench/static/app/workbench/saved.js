/**
 * Prompts saved on the server: names, tags, versions, sharing.
 *
 * @typedef {{
 *   id: string, name: string, tags: string[], version: number, latest: number, shared: boolean, changed: string, bytes: number,
 *   mine?: boolean, owner?: string
 * }} Saved `version`: the one that is open; without `mine` it is the user's own
 * @typedef {{prompts: Saved[], next: string | null, used: {prompts: number, most_prompts: number, bytes: number, most_bytes: number}}} Page
 */

import { signal } from "../../vendor/preact.js";
import { ApiError, del, get, isApiError, post, put } from "../api.js";
import { tell } from "../tell.js";
import { content, open, parsed } from "./file.js";
import { draftNow, setAside } from "./saved_drafts.js";
import { known, show } from "./stage.js";
import * as state from "./state.js";
import { settle, signature } from "./unsaved.js";

const PATH = "/site/prompts";
const LINK = /^#prompt=([0-9a-f]{32})(?:&version=([1-9]\d{0,8}))?$/;
/** Of one content, as the service has it. */
const MOST_BYTES = 4 << 20;
/** Megabytes may go over a slow line. */
const SECONDS = 120;

/** The one that is open, so that saving makes its next version. */
export const current = signal(/** @type {Saved | null} */ (null));
/** Why the last save failed. */
export const problem = signal(/** @type {unknown} */ (null));
export const saving = signal(false);
/** Counts what changes lists of saved prompts. */
export const changes = signal(0);

let latest = 0;

/** @param {string} search @param {string} tag @param {string | null} cursor @param {AbortSignal} [signal] @returns {Promise<Page>} */
export function listSaved(search, tag, cursor, signal) {
  const query = new URLSearchParams(Object.entries({ search, tag, cursor: cursor ?? "" }).filter(([, value]) => value));
  return get(`${PATH}?${query}`, signal ? { signal } : {});
}

/** @param {string} id @returns {Promise<{version: number, created: string, bytes: number}[]>} the newest first */
export async function versionsOf(id) {
  return (await get(`${PATH}/${id}/versions`)).versions;
}

/** Nothing is run: what the model thought is there at once. Of several that are asked for, the last is opened. */
/** @param {string} id @param {number | null} [version] @throws {import("./file_checks.js").BadFile} */
export async function openSaved(id, version = null) {
  const mine = ++latest;
  const { content: text, ...saved } = await get(`${PATH}/${id}${version ? `?version=${version}` : ""}`, { seconds: SECONDS });
  if (mine === latest) openContent(parsed(text), saved);
}

/** @param {any} json @param {Saved | null} saved @throws {import("./file_checks.js").BadFile} and what was there stays */
export function openContent(json, saved) {
  const aside = draftNow();
  const notes = open(json);
  if (aside) setAside(aside);
  beOpen(saved);
  settle(saved ? signature() : null);
  for (const note of notes) tell(note);
}

/** @param {string} hash */
export function linked(hash) {
  const [, id, version] = LINK.exec(hash) ?? [];
  return id ? { id, version: version ? Number(version) : null } : null;
}

/** @param {Saved} saved @param {number | null} [version] */
export function linkTo({ id }, version = null) {
  return `${location.origin}/workbench#prompt=${id}${version ? `&version=${version}` : ""}`;
}

/** @param {Saved | null} saved */
export function beOpen(saved) {
  current.value = saved;
  problem.value = null;
  history.replaceState(null, "", saved ? linkTo(saved, saved.version < saved.latest ? saved.version : null) : location.pathname);
}

/** A new prompt, or the next version of the one that is open, whichever of its versions that is. */
/** @param {string} name @param {string[]} tags @param {boolean} anew @returns {Promise<boolean>} whether it is saved; else there is a `problem` */
export async function save(name, tags, anew) {
  if (saving.value) return false;
  saving.value = true;
  problem.value = null;
  try {
    await sendOff(name, tags, anew);
    return true;
  } catch (error) {
    problem.value = error;
    return false;
  } finally {
    saving.value = false;
  }
}

/** @param {string} name @param {string[]} tags @param {boolean} anew */
async function sendOff(name, tags, anew) {
  await haveIds();
  const [as, body] = [signature(), { name, tags, content: fitting(JSON.stringify(content())) }];
  const now = current.value;
  const saved = now && !anew ? await put(`${PATH}/${now.id}`, { ...body, parent: now.latest }, { seconds: SECONDS }) : await post(PATH, body, { seconds: SECONDS });
  beOpen(saved);
  settle(as);
  changes.value++;
}

/** All of the text has ids, so that it comes back exactly. */
async function haveIds() {
  if (state.running.value) throw new ApiError(0, { message: "A run is under way: stop it, or save when it has ended.", code: "busy" });
  const document = state.text.value;
  const exact = document.length ? await known(document) : document;
  if (state.text.value === document) show(exact);
}

/** @param {string} text */
function fitting(text) {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MOST_BYTES) return text;
  const message = `This takes ${(bytes / 1e6).toFixed(1)} MB with its branches and log probabilities; ${(MOST_BYTES / 1e6).toFixed(1)} MB are the most. Prune branches, or export it as a file.`;
  throw new ApiError(0, { message, param: "content", code: "too_large" });
}

/** Another page saved a version meanwhile: the next save comes after it. */
export async function comeAfter() {
  const now = current.value;
  if (!now) return;
  const [newest] = await versionsOf(now.id);
  if (newest) current.value = { ...now, latest: newest.version };
}

export function isConflict() {
  return isApiError(problem.value) && problem.value.code === "conflict";
}

/** @param {Saved} saved @param {boolean} shared */
export async function share(saved, shared) {
  await post(`${PATH}/${saved.id}/share`, { shared });
  if (current.value?.id === saved.id) current.value = { ...current.value, shared };
  changes.value++;
}

/** @param {Saved} saved */
export async function remove(saved) {
  await del(`${PATH}/${saved.id}`);
  changes.value++;
  if (current.value?.id !== saved.id) return;
  beOpen(null);
  settle(null);
}
