/** Saving: the name, the tags, and what becomes of the version that is open. */

import { html, useEffect, useRef } from "../../vendor/preact.js";
import { isApiError } from "../api.js";
import { Field } from "../form.js";
import { Problem, tell, tellFault } from "../tell.js";
import { begin } from "./file.js";
import { beOpen, comeAfter, current, isConflict, problem, save, saving } from "./saved.js";
import { draftNow, setAside } from "./saved_drafts.js";
import { opening } from "./saved_opening.js";
import * as state from "./state.js";
import { settle, unsaved } from "./unsaved.js";

/** @typedef {import("./saved.js").Saved} Saved */

const LONGEST_NAME = 128;
const SUGGESTED = 60;

export function SavedForm() {
  const open = current.value;
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const faults = faultsOf(problem.value);
  useEffect(() => fill(form.current, open), [open?.id, open?.version, open?.name, open?.tags.join()]);
  useEffect(() => {
    const first = form.current?.querySelector("[aria-invalid=true]");
    if (first instanceof HTMLElement) first.focus();
  }, [problem.value]);
  const of = /** @type {any} */ ({ faults });
  return html`<form class="form saved-form" ref=${form} onSubmit=${submitted} novalidate aria-label="Save">
    <${Standing} open=${open} />
    <div class="pair">
      <${Field} of=${of} name="name" label="Name" maxlength=${LONGEST_NAME} autocomplete="off" />
      <${Field} of=${of} name="tags" label="Tags" placeholder="a, b" autocomplete="off" />
    </div>
    ${isConflict() ? html`<${Conflict} form=${form} />` : problem.value && !faults.name && !faults.tags ? html`<${Problem} error=${problem.value} />` : null}
    <${Buttons} open=${open} />
  </form>`;
}

/** What was typed stays until something else is open. @param {HTMLFormElement | null} form @param {Saved | null} open */
function fill(form, open) {
  const given = { name: open?.name ?? suggestion(), tags: open?.tags.join(", ") ?? "" };
  for (const [name, value] of Object.entries(given)) {
    const field = form?.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value;
  }
}

/** @param {unknown} error @returns {Record<string, string>} */
function faultsOf(error) {
  if (!isApiError(error)) return {};
  return Object.fromEntries(error.faults.flatMap(({ param, message }) => (param ? [[param, message]] : [])));
}

/** The beginning of the text, where nothing has a name yet: of what a name may have. */
function suggestion() {
  const line = state.text.peek().text.trim().split("\n")[0] ?? "";
  return [...line.slice(0, 2 * SUGGESTED).replace(/[\p{C}\p{Z}]+/gu, " ")].slice(0, SUGGESTED).join("").trim();
}

/** @param {{open: Saved | null}} props */
function Standing({ open }) {
  const mark = unsaved.value ? html`<span class="badge caution">Unsaved changes</span>` : open ? html`<span class="badge good">Saved</span>` : null;
  return html`<div class="row between"><span class="small grow">${standing(open)}</span>${mark}</div>`;
}

/** @param {Saved | null} open */
function standing(open) {
  if (!open) return "Nothing saved is open.";
  if (open.mine === false) return `By ${open.owner}, version ${open.version} of ${open.latest}: to be read. What you save is a prompt of your own.`;
  if (open.version === open.latest) return `Version ${open.version} is open, the newest.`;
  return `Version ${open.version} of ${open.latest} is open. Saved, it becomes version ${open.latest + 1}; those between stay.`;
}

/** @param {{open: Saved | null}} props */
function Buttons({ open }) {
  const busy = saving.value || state.running.value !== null;
  const mine = open !== null && open.mine !== false;
  const first = !open ? "Save" : !mine ? "Save a copy of your own" : open.version === open.latest ? `Save version ${open.latest + 1}` : `Save as the newest version, ${open.latest + 1}`;
  return html`<div class="row">
    <button type="submit" class="button primary" value=${mine ? "version" : "anew"} disabled=${busy} title="Ctrl+S">${first}</button>
    ${mine ? html`<button type="submit" class="button" value="anew" disabled=${busy}>Save as new</button>` : null}
    <button type="button" class="button" disabled=${busy} onClick=${afresh} title="An empty page; what is unsaved is offered again">Begin anew</button>
  </div>`;
}

/** @param {SubmitEvent} event */
async function submitted(event) {
  event.preventDefault();
  if (!(event.currentTarget instanceof HTMLFormElement)) return;
  const anew = !(event.submitter instanceof HTMLButtonElement) || event.submitter.value === "anew";
  await saveAs(event.currentTarget, anew);
}

/** @param {HTMLFormElement} form @param {boolean} anew */
async function saveAs(form, anew) {
  const fields = new FormData(form);
  const tags = String(fields.get("tags")).split(",").map((tag) => tag.trim()).filter(Boolean);
  if (await save(String(fields.get("name")).trim(), tags, anew)) tell(`Saved as version ${current.value?.version}.`);
}

function afresh() {
  const aside = draftNow();
  if (aside) setAside(aside);
  begin("");
  beOpen(null);
  settle();
}

/** Somebody was faster, mostly this user on another page: nothing is overwritten without a word. */
/** @param {{form: {current: HTMLFormElement | null}}} props */
function Conflict({ form }) {
  const later = async () => {
    await comeAfter();
    if (form.current) await saveAs(form.current, false);
  };
  return html`<div class="notice caution stack tight" role="alert">
    <span>Another version was saved meanwhile, from another page. Yours is still here.</span>
    <div class="row">
      <button type="button" class="button little" onClick=${() => later().catch(tellFault)}>Save mine as the newest</button>
      <button type="button" class="button little" onClick=${() => current.value && opening(current.value.id)}>Open the other</button>
    </div>
  </div>`;
}
