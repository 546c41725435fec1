/** Opening what is saved, with what can go wrong told in a sentence; and the page that its own address names. */

import { tell, tellFault } from "../tell.js";
import { BadFile } from "./file_checks.js";
import { current, linked, openSaved, save, saving } from "./saved.js";
import { fail, focus } from "./stage.js";
import * as state from "./state.js";

/** @param {() => Promise<unknown>} work */
export async function told(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof BadFile) tell(error.message, { bad: true });
    else tellFault(error);
  }
}

/** @param {string} id @param {number | null} [version] */
export function opening(id, version = null) {
  return told(async () => {
    await openSaved(id, version);
    focus();
  });
}

/** Now, and whenever the address of this page becomes that of another prompt. */
export async function openLinked() {
  addEventListener("hashchange", () => void follow(linked(location.hash)));
  const link = linked(location.hash);
  if (!link?.id) return;
  try {
    await openSaved(link.id, link.version);
  } catch (error) {
    if (error instanceof BadFile) tell(error.message, { bad: true });
    else fail(error);
  }
}

/** @param {ReturnType<typeof linked>} link */
async function follow(link) {
  if (link?.id) await opening(link.id, link.version);
}

/** Ctrl S: the next version at once, where that needs no further word; else the panel asks for it. */
export async function saveNow() {
  if (saving.value) return;
  const now = current.value;
  const plain = now !== null && now.mine !== false && now.version === now.latest;
  if (!plain) return askToSave();
  if (await save(now.name, now.tags, false)) tell(`Saved as version ${current.value?.version}.`);
  else state.tab.value = "saved";
}

function askToSave() {
  state.tab.value = "saved";
  requestAnimationFrame(() => {
    const field = document.querySelector(".saved-form [name=name]");
    if (field instanceof HTMLInputElement) field.select();
  });
}
