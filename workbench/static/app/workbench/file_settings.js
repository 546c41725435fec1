/**
 * How the next run would be made, as it is saved. What is read is held against the service's own rules: a file could name anything.
 *
 * @typedef {import("./parameters.js").Field} Field
 */

import { isObject, wanted } from "./file_checks.js";
import { GRAINS } from "./grain.js";
import { MODES } from "./lens.js";
import { checked } from "./parameters.js";
import * as state from "./state.js";

const MOST_LIKELIEST = 1000;
const LONGEST_STOP = 256;

export function settingsNow() {
  const { values, seed, pinned, likeliest, mode, grain } = state;
  return { values: values.value, seed: seed.value, pinned: pinned.value, likeliest: likeliest.value, mode: mode.value, grain: grain.value };
}

/**
 * @param {unknown} json
 * @param {Field[]} fields
 * @returns {{apply: () => void, left: string[]}} `left`: names of what this service does not take, or not with that value
 * @throws {import("./file_checks.js").BadFile}
 */
export function settingsFrom(json, fields) {
  wanted(isObject(json) && isObject(json.values), "The parameters in this file are damaged.");
  const entries = Object.entries(json.values);
  const [kept, left] = [entries.filter(([name, value]) => fits(fields, name, value)), entries.filter(([name, value]) => !fits(fields, name, value))];
  return { apply: () => apply(Object.fromEntries(kept), json), left: left.map(([name]) => name.slice(0, 40)).slice(0, 10) };
}

/** @param {Record<string, any>} values @param {Record<string, any>} json */
function apply(values, { seed, pinned, likeliest, mode, grain }) {
  state.values.value = values;
  state.faults.value = {};
  if (Number.isSafeInteger(seed)) state.seed.value = seed;
  state.pinned.value = pinned === true;
  if (Number.isInteger(likeliest)) state.likeliest.value = Math.max(1, Math.min(MOST_LIKELIEST, likeliest));
  state.mode.value = MODES.find(([each]) => each === mode)?.[0] ?? state.mode.value;
  state.grain.value = GRAINS.find((each) => each === grain) ?? state.grain.value;
}

/** @param {Field[]} fields @param {string} name @param {unknown} value */
function fits(fields, name, value) {
  const field = fields.find((each) => each.name === name);
  return field !== undefined && FITTING[field.kind](field, value);
}

/** @type {Record<Field["kind"], (field: Field, value: any) => boolean>} */
const FITTING = {
  number: (field, value) => typeof value === "number" && "value" in checked(field, String(value)),
  integer: (field, value) => typeof value === "number" && "value" in checked(field, String(value)),
  boolean: (_, value) => typeof value === "boolean",
  texts: (field, value) => listed(field, value) && value.every((/** @type {unknown} */ each) => typeof each === "string" && each.length > 0 && each.length <= LONGEST_STOP),
  ids: (field, value) => listed(field, value) && "value" in checked(field, value.join(" ")),
  bias: (field, value) => isObject(value) && listed(field, Object.keys(value)) && Object.entries(value).every(([id, bias]) => isBias(id, bias)),
};

/** @param {Field} field @param {unknown} value */
function listed(field, value) {
  return Array.isArray(value) && (field.count === null || value.length <= field.count);
}

/** @param {string} id @param {unknown} bias */
function isBias(id, bias) {
  return /^(0|[1-9]\d{0,9})$/.test(id) && typeof bias === "number" && bias >= -100 && bias <= 100;
}
