/**
 * What the service tells of a month, added up for the page.
 *
 * @typedef {{requests: number, prompt_tokens: number, completion_tokens: number, errors: number}} Counts
 * @typedef {Counts & {model: string}} ByModel
 * @typedef {Counts & {day: string, model: string}} ByDay
 * @typedef {{month: string, resets_at: string, account: import("../keys/record.js").Balance, by_model: ByModel[], by_day: ByDay[],
 *   by_key?: any[]}} Report
 */

/** @param {Counts} counts */
export function tokens({ prompt_tokens, completion_tokens }) {
  return prompt_tokens + completion_tokens;
}

/** @param {Counts[]} rows @returns {Counts} */
export function total(rows) {
  const sum = { requests: 0, prompt_tokens: 0, completion_tokens: 0, errors: 0 };
  for (const row of rows) {
    sum.requests += row.requests;
    sum.prompt_tokens += row.prompt_tokens;
    sum.completion_tokens += row.completion_tokens;
    sum.errors += row.errors;
  }
  return sum;
}

/** The models of a month, those that used most first. @param {ByModel[]} rows @returns {string[]} */
export function modelsOf(rows) {
  return rows.filter((row) => tokens(row) > 0).sort((a, b) => tokens(b) - tokens(a)).map(({ model }) => model);
}

/** Tokens of each day of the month, by model. @param {Report} report @param {string[]} models @returns {number[][]} a list per model */
export function daily({ month, by_day }, models) {
  const days = daysIn(month);
  return models.map((model) => {
    const used = Array.from({ length: days }, () => 0);
    for (const row of by_day) if (row.model === model) used[dayOf(row.day) - 1] = tokens(row);
    return used;
  });
}

/** @param {string} month 2026-11 */
export function daysIn(month) {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}

/** @param {string} day 2026-11-23 */
function dayOf(day) {
  return Number(day.slice(8, 10));
}
