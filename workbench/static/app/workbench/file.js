/**
 * What is saved, on the server or in a file: the tree with its log probabilities, and how the next run would be made.
 *
 * @typedef {import("./tree.js").Tree} Tree
 */

import { Document } from "./document.js";
import { difference, edited } from "./edits.js";
import { BadFile, isId, isObject, shortText, wanted } from "./file_checks.js";
import { settingsFrom, settingsNow } from "./file_settings.js";
import { forget } from "./generating.js";
import { History } from "./history.js";
import { show } from "./stage.js";
import * as state from "./state.js";
import { adopt, documentAt, emptyTree } from "./tree.js";
import { treeFromJson, treeToJson } from "./tree_file.js";

const FORMAT = "basemodel-workbench";
const VERSION = 1;
/** Of one file; a spelling is that of a token, which is short. */
const MOST_CHARACTERS = 64 << 20;
const MOST_SPELLINGS = 1_000_000;
const LONGEST_SPELLING = 1000;
const LONGEST_NAME = 300;

/** Nothing on the page changes by it. @returns {Record<string, any>} */
export function content() {
  const tree = treeNow();
  return {
    format: FORMAT,
    version: VERSION,
    model: state.modelId.value,
    revision: state.model.value?.revision ?? null,
    fingerprint: state.model.value?.system_fingerprint ?? null,
    tokenizer: state.tokenizerOf(state.model.value),
    settings: settingsNow(),
    text: state.text.value.text,
    tree: treeToJson(tree),
    spellings: spellings(tree),
  };
}

/** All branches, with the document as one of them; text without ids is in none. */
export function treeNow() {
  const document = state.text.value;
  return document.known && document.pieces.length ? adopt(state.tree.value, document) : state.tree.value;
}

/** How the tokens of all alternatives are spelt, so that they show without asking. @param {Tree} tree @returns {[number, string][]} */
function spellings(tree) {
  const ids = Object.values(tree.nodes).flatMap((node) => node.pieces.flatMap((piece) => piece.lens?.top.map(([id]) => id) ?? []));
  const known = state.vocabulary();
  return [...new Set(ids)].flatMap((id) => {
    const spelled = known.spelling(id);
    return spelled === null ? [] : [/** @type {[number, string]} */ ([id, spelled])];
  });
}

/** @param {string} text @returns {any} @throws {BadFile} */
export function parsed(text) {
  wanted(text.length <= MOST_CHARACTERS, "This file is too large for the Workbench.");
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFile("This file is not JSON.");
  }
}

/**
 * Puts it on the page; nothing is run. Where no model here has its tokenizer, only the text is taken.
 *
 * @param {any} json
 * @returns {string[]} what is not as it was, in sentences
 * @throws {BadFile} and nothing on the page is changed
 */
export function open(json) {
  wanted(isObject(json) && json.format === FORMAT && typeof json.text === "string", "This is not a file of the Workbench.");
  wanted(json.version === VERSION, `This file has version ${String(json.version).slice(0, 20)} of the format; this Workbench reads version ${VERSION}.`);
  wanted(shortText(json.model, LONGEST_NAME) && shortText(json.tokenizer, LONGEST_NAME), "This file does not say which model it is of.");
  wanted(state.running.value === null, "A run is under way: stop it first.");
  const tree = treeFromJson(json.tree);
  const names = spellingsFrom(json.spellings);
  const { apply, left } = settingsFrom(json.settings, state.fields.value);
  const card = modelFor(json);
  if (card) state.modelId.value = card.id;
  apply();
  state.predictions.value = new History();
  forget();
  const exact = card !== null && state.tokenizerOf(card) === json.tokenizer;
  if (exact) showTree(tree, card.id, names, json.text);
  else begin(json.text);
  return [...differences(json, card, exact), ...(left.length ? [`Left at their defaults, because this service does not take them so: ${left.join(", ")}.`] : [])];
}

/** A text by itself, with no branches yet. @param {string} text */
export function begin(text) {
  state.tree.value = emptyTree();
  show(Document.typed(text), 0);
}

/** @param {Tree} tree @param {string} model @param {[number, string][]} names @param {string} text */
function showTree(tree, model, names, text) {
  const known = state.vocabulary();
  for (const [id, spelled] of names) if (known.spelling(id) === null) known.learn(id, spelled); // what the service said counts for more
  state.tree.value = tree;
  const document = rewritten(documentAt(tree, tree.here, model), text);
  show(document, document.length);
}

/** The document with what was typed since it was a branch. @param {Document} document @param {string} text */
function rewritten(document, text) {
  const change = difference(document.text, text);
  return change ? edited(document, change.from, change.to, change.insert) : document;
}

/** @param {any} json @param {import("../models/card.js").ModelCard | null} card @param {boolean} exact */
function differences(json, card, exact) {
  if (!exact) return [`No model here cuts texts as ${json.model} does: the text is here, its branches and log probabilities are not.`];
  if (card?.id !== json.model) return [`${json.model} is not here; ${card?.id} cuts texts alike. The log probabilities of ${json.model} are not shown.`];
  const same = !json.fingerprint || card?.system_fingerprint === json.fingerprint;
  return same ? [] : [`${json.model} changed since this was saved: what is shown is what it thought then.`];
}

/** @param {unknown} json @returns {[number, string][]} */
function spellingsFrom(json) {
  const good = Array.isArray(json) && json.length <= MOST_SPELLINGS && json.every((each) => Array.isArray(each) && isId(each[0]) && shortText(each[1], LONGEST_SPELLING));
  wanted(good, "The spellings of tokens in this file are damaged.");
  return /** @type {[number, string][]} */ (json);
}

/** @param {any} json */
function modelFor(json) {
  const alike = state.models.value.filter((each) => state.tokenizerOf(each) === json.tokenizer);
  return state.models.value.find(({ id }) => id === json.model) ?? alike[0] ?? null;
}
