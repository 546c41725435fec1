/**
 * The document inside the editor: a field of its state that follows every edit, and comes back with the ids it had when text is undone.
 *
 * @typedef {import("../../vendor/codemirror.js").Transaction} Transaction
 */

import { invertedEffects, StateEffect, StateField } from "../../vendor/codemirror.js";
import { Document } from "./document.js";
import { edited } from "./edits.js";

/** The document as a run, a branch or an undo made it; its text is the editor's. */
export const setDocument = /** @type {import("../../vendor/codemirror.js").StateEffectType<Document>} */ (StateEffect.define());
/** What an undo of text brings back: the same text with the ids that it had. */
const restored = /** @type {import("../../vendor/codemirror.js").StateEffectType<Document>} */ (StateEffect.define());

export const documentField = StateField.define({ create: () => new Document(), update: followed });

/** @param {Document} document @param {Transaction} transaction @returns {Document} */
function followed(document, transaction) {
  for (const effect of transaction.effects) if (effect.is(setDocument)) return effect.value;
  if (!transaction.docChanged) return document;
  const back = transaction.effects.find((effect) => effect.is(restored) && fits(effect.value, transaction.newDoc));
  if (back) return back.value;
  /** @type {[number, number, string][]} */
  const changes = [];
  transaction.changes.iterChanges((from, to, _, __, inserted) => changes.push([from, to, inserted.toString()]));
  return changes.reduceRight((result, [from, to, inserted]) => edited(result, from, to, inserted), document);
}

/** @param {Document} document @param {import("../../vendor/codemirror.js").Text} text */
function fits(document, text) {
  return document.length === text.length && document.text === text.toString();
}

export const remember = invertedEffects.of((transaction) => {
  const replaced = transaction.effects.some((effect) => effect.is(setDocument));
  return transaction.docChanged && !replaced ? [restored.of(transaction.startState.field(documentField))] : [];
});
