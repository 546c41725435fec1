/** Numbers of tokens as people type them: 250000, 250,000, 250k, 1.5M. */

import { ApiError } from "./api.js";

const UNITS = /** @type {Record<string, number>} */ ({ "": 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 });

/** @param {string | undefined} text @param {string} param the field, for the fault @returns {number | null} null for an empty field */
export function tokensOf(text, param) {
  const written = (text ?? "").replace(/[\s,_]/g, "");
  if (written === "") return null;
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmgb]?)$/i.exec(written) ?? [];
  const value = Math.round(Number(digits) * (UNITS[(unit ?? "").toLowerCase()] ?? 1));
  if (!Number.isSafeInteger(value)) throw badField(param, "A whole number of tokens, as in 250000, 250k or 1.5M.");
  return value;
}

/** @param {string | undefined} text @param {string} param @returns {number | null} */
export function countOf(text, param) {
  const written = (text ?? "").trim();
  if (written === "") return null;
  if (!/^\d{1,9}$/.test(written)) throw badField(param, "A whole number.");
  return Number(written);
}

/** A fault that this page found by itself, in the shape of the service's. @param {string} param @param {string} message */
export function badField(param, message) {
  return new ApiError(400, { message, param, code: "invalid_value", type: "invalid_request_error" });
}
