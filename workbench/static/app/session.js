/**
 * Who is signed in. Each page begins with `await signIn()`; the session document is then in `session`.
 *
 * @typedef {{id: string, name: string, role: "user" | "admin", account: string}} User
 * @typedef {{chat: string | null, feedback: string | null, bugs: string | null}} Links
 * @typedef {{user: User, csrf: string, links: Links, service: {base_url: string, version: string}}} Session
 */

import { signal } from "../vendor/preact.js";
import { get, isApiError, keepSession, post } from "./api.js";

const SIGN_IN = "/sign-in";

/** null until it is known, and for somebody who is not signed in. */
export const session = signal(/** @type {Session | null} */ (null));

/** Whether the session ended under a page in use: the shell then asks to sign in again, and nothing on the page is lost. */
export const sessionEnded = signal(false);

keepSession({ renew, ended });

/** Leads to the sign-in page, and never returns, where nobody is signed in. @returns {Promise<Session>} */
export async function signIn() {
  const found = await known();
  return found ?? leaveTo(`${SIGN_IN}#next=${encodeURIComponent(here())}`);
}

/** The session, or null: for pages that need none. @returns {Promise<Session | null>} */
export async function known() {
  try {
    return keep(await get("/site/session"));
  } catch (error) {
    if (isApiError(error) && error.code === "not_signed_in") return null;
    throw error;
  }
}

/** @param {Session} document @returns {Session} */
export function keep(document) {
  keepSession({ csrf: document.csrf });
  session.value = document;
  sessionEnded.value = false;
  return document;
}

export async function signOut() {
  await post("/site/sign-out");
  leaveTo(SIGN_IN);
}

export async function signOutEverywhere() {
  await post("/site/sign-out-everywhere");
  leaveTo(SIGN_IN);
}

/** Where to go after signing in: the page of this site that the fragment names, else the first. @param {string} fragment */
export function nextPage(fragment) {
  const next = new URLSearchParams(fragment.slice(1)).get("next") ?? "/";
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null;
  return url?.origin === location.origin ? url.href : `${location.origin}/`; // whole: a path alone may begin with another host
}

/** @param {string} address @returns {Promise<never>} */
export function leaveTo(address) {
  location.assign(address);
  return new Promise(() => {});
}

async function renew() {
  await known();
}

function ended() {
  if (session.value !== null) sessionEnded.value = true;
}

function here() {
  return location.pathname + location.search + location.hash;
}
