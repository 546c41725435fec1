/**
 * The sampling parameters, as the service's own schema declares them: their kinds, bounds, defaults and rules.
 *
 * @typedef {"number" | "integer" | "boolean" | "texts" | "ids" | "bias"} Kind
 * @typedef {{
 *   name: string, kind: Kind, rule: string, default: any, only: number | null, least: number | null, most: number | null,
 *   above: number | null, below: number | null, count: number | null
 * }} Field `only`: a value outside the bounds that is taken too (temperature 0, top_k -1); `count`: how many entries a list may have
 * @typedef {Record<string, any>} Values what differs from the defaults
 * @typedef {{value: any} | {fault: string}} Checked
 */

/** What the panel shows, in its order; anything else that the schema has follows. */
const ORDER = ["max_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "n", "best_of", "stop", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias"];
/** What the Workbench sets by itself. */
const OWN = new Set(["model", "prompt", "stream", "stream_options", "echo", "logprobs", "prompt_logprobs", "prompt_logprobs_start", "return_token_ids", "add_special_tokens", "suffix", "user", "skip_special_tokens"]);
const PATH = "/v1/completions";

/** @param {any} openapi the document of the service @returns {Field[]} */
export function fieldsOf(openapi) {
  const { properties } = openapi.paths[PATH].post.requestBody.content["application/json"].schema;
  const names = Object.keys(properties).filter((name) => !OWN.has(name));
  const ordered = [...ORDER.filter((name) => names.includes(name)), ...names.filter((name) => !ORDER.includes(name))];
  return ordered.flatMap((name) => fieldOf(name, properties[name]) ?? []);
}

/** @param {string} name @param {any} schema @returns {Field | null} null for a kind that the panel has no control for */
function fieldOf(name, schema) {
  const kinds = (schema.anyOf ?? [schema]).filter((/** @type {any} */ one) => one.type !== "null");
  const kind = kindOf(kinds);
  if (!kind) return null;
  const constant = kinds.find((/** @type {any} */ one) => "const" in one);
  const main = kinds.find((/** @type {any} */ one) => !("const" in one) && one.type !== "string") ?? kinds[0];
  return {
    name,
    kind,
    rule: schema.description ?? "",
    default: schema.default ?? null,
    only: constant ? constant.const : null,
    least: main.minimum ?? null,
    most: main.maximum ?? null,
    above: main.exclusiveMinimum ?? null,
    below: main.exclusiveMaximum ?? null,
    count: main.maxItems ?? main.maxProperties ?? null,
  };
}

/** @param {any[]} kinds @returns {Kind | null} */
function kindOf(kinds) {
  const array = kinds.find((kind) => kind.type === "array");
  if (array) return array.items.type === "integer" ? "ids" : "texts";
  const types = new Set(kinds.map((kind) => kind.type));
  if (types.has("object")) return "bias";
  if (types.has("boolean")) return "boolean";
  return types.has("number") ? "number" : types.has("integer") ? "integer" : null;
}

/** "0 or 0.01 to 2" @param {Field} field */
export function bounds(field) {
  const low = field.above !== null ? `above ${field.above}` : field.least !== null && small(field.least) ? `${field.least}` : "";
  const high = field.most !== null && small(field.most) ? `${field.most}` : "";
  const range = low && high ? `${low} to ${high}` : low ? `${low} or more` : high ? `up to ${high}` : "";
  return field.only === null ? range : `${field.only} or ${range}`;
}

/** @param {number} bound */
function small(bound) {
  return Math.abs(bound) < 1e9;
}

/** What somebody typed, as a value; empty is the default. @param {Field} field @param {string} text @returns {Checked} */
export function checked(field, text) {
  const typed = text.trim();
  if (typed === "") return { value: undefined };
  if (field.kind === "number" || field.kind === "integer") return checkedNumber(field, typed);
  if (field.kind === "ids") return checkedIds(field, typed);
  return { fault: rule(field) };
}

/** @param {Field} field @param {string} typed @returns {Checked} */
function checkedNumber(field, typed) {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed)) return { fault: rule(field) };
  const value = Number(typed);
  if (field.kind === "integer" && !Number.isInteger(value)) return { fault: rule(field) };
  if (field.kind === "integer" && !Number.isSafeInteger(value)) return { fault: "A browser counts exactly only up to 2^53 - 1; larger integers need the API." };
  return value === field.only || within(field, value) ? { value } : { fault: rule(field) };
}

/** @param {Field} field @param {number} value */
function within(field, value) {
  const { least, most, above, below } = field;
  return (least === null || value >= least) && (most === null || value <= most) && (above === null || value > above) && (below === null || value < below);
}

/** @param {Field} field @param {string} typed @returns {Checked} */
function checkedIds(field, typed) {
  const ids = typed.split(/[\s,]+/).filter(Boolean);
  const good = ids.every((id) => /^(0|[1-9]\d{0,9})$/.test(id)) && (field.count === null || ids.length <= field.count);
  return good ? { value: ids.map(Number) } : { fault: rule(field) };
}

/** @param {Field} field */
function rule(field) {
  return `Must be ${field.rule.replace(/; by default .*/, "")}.`;
}

/** Stop strings are typed one a line, with \n, \t and \\ for what a line cannot hold. @param {string} text @returns {string[]} */
export function stopsOf(text) {
  return text.split("\n").filter(Boolean).map((line) => line.replace(/\\([nt\\])/g, (_, letter) => (letter === "n" ? "\n" : letter === "t" ? "\t" : "\\")));
}

/** @param {string[]} stops */
export function stopsText(stops) {
  return stops.map((stop) => stop.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t")).join("\n");
}

/** A seed that is new each time, so that every run can be repeated. @param {() => number} [random] */
export function newSeed(random = Math.random) {
  return Math.floor(random() * 2 ** 31);
}
