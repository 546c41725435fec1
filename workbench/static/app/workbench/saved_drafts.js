/**
 * Unsaved work is kept as a draft in this browser: a while after each change, and when the page is left. The next page offers it again,
 * and so does this one after something else was opened in its place.
 *
 * @typedef {import("./draft_store.js").Draft} Draft
 */

import { signal } from "../../vendor/preact.js";
import { DraftStore } from "./draft_store.js";
import { content } from "./file.js";
import { current, openContent } from "./saved.js";
import { check, settle, signature, watch } from "./unsaved.js";

const SOON_MS = 2000;

/** The newest draft that no page works on. */
export const offered = signal(/** @type {{slot: string, draft: Draft} | null} */ (null));

/** @type {DraftStore | null} */
let store = null;
/** This page's own draft. */
const own = crypto.randomUUID();
/** What it held when it was written last; null where there is none. @type {string | null} */
let written = null;
/** Whether there is something that the browser has no room for. */
let homeless = false;

/** @param {string} user whose drafts they are @returns {() => void} ends it */
export function keepDrafts(user) {
  store = new DraftStore(user);
  void navigator.locks.request(lockOf(own), () => new Promise(() => {}));
  void offer().catch(console.error);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const end = watch(() => {
    clearTimeout(timer);
    timer = setTimeout(write, SOON_MS);
  });
  addEventListener("pagehide", write);
  addEventListener("beforeunload", warn);
  return () => {
    end();
    clearTimeout(timer);
    removeEventListener("pagehide", write);
    removeEventListener("beforeunload", warn);
  };
}

/** What pages that are open work on is not offered: each holds a lock with the name of its draft. */
async function offer() {
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map(({ name }) => name));
  const inUse = (/** @type {string} */ slot) => slot === own || names.has(lockOf(slot));
  store?.tidy(Date.now(), inUse);
  const slot = store?.slots().find((each) => !inUse(each));
  const draft = slot === undefined ? null : (store?.read(slot) ?? null);
  offered.value = slot !== undefined && draft ? { slot, draft } : null;
}

/** @param {string} slot */
function lockOf(slot) {
  return `workbench.draft.${slot}`;
}

function write() {
  if (!check()) return forgetOwn();
  const now = signature();
  if (now === written) return;
  homeless = !store?.keep(own, draft());
  written = homeless ? null : now;
}

function forgetOwn() {
  store?.drop(own);
  written = null;
  homeless = false;
}

/** Only where leaving would lose something. @param {BeforeUnloadEvent} event */
function warn(event) {
  write();
  if (homeless) event.preventDefault();
}

/** @returns {Draft} */
function draft() {
  return { at: Date.now(), open: current.value, content: content() };
}

/** What is unsaved now; null where nothing is. */
export function draftNow() {
  return check() ? draft() : null;
}

/** Kept beside what is opened now, and offered. @param {Draft} aside */
export function setAside(aside) {
  const slot = crypto.randomUUID();
  store?.keep(slot, aside);
  offered.value = { slot, draft: aside };
  forgetOwn();
}

/** Opens what is offered, in place of what is here. @throws {import("./file_checks.js").BadFile} */
export function takeDraft() {
  const taken = offered.value;
  if (!taken) return;
  dropDraft();
  openContent(taken.draft.content, taken.draft.open);
  settle(null);
  write();
}

export function dropDraft() {
  if (offered.value) store?.drop(offered.value.slot);
  offered.value = null;
  void offer().catch(console.error);
}
