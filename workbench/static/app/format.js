/** How numbers, times and lengths of time are written. */

const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const NONE = "–";

/** 12,345 @param {number | null | undefined} value */
export function whole(value) {
  return value === null || value === undefined ? NONE : WHOLE.format(value);
}

/** 12.3K @param {number | null | undefined} value */
export function short(value) {
  return value === null || value === undefined ? NONE : SHORT.format(value);
}

/** @param {number} share 0..1 */
export function percent(share) {
  return share > 0 && share < 0.01 ? "<1 %" : `${Math.round(share * 100)} %`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** @param {string | number | null | undefined} time ISO text, or seconds */
export function day(time) {
  const date = dateOf(time);
  return date ? DAY.format(date) : NONE;
}

/** @param {string | number | null | undefined} time */
export function moment(time) {
  const date = dateOf(time);
  return date ? MOMENT.format(date) : NONE;
}

/** "3 minutes ago" @param {string | number | null | undefined} time @param {string} never what it says where there is none */
export function ago(time, never = "never") {
  const date = dateOf(time);
  if (!date) return never;
  const seconds = (date.getTime() - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return unit === "second" ? "just now" : AGO.format(Math.round(seconds / size), unit);
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

/** "2 min 5 s" @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @param {number | null | undefined} bytes */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}

/** @param {string | number | null | undefined} time */
function dateOf(time) {
  if (time === null || time === undefined || time === "") return null;
  const date = new Date(typeof time === "number" ? time * 1000 : time);
  return Number.isNaN(date.getTime()) ? null : date;
}
