/**
 * Every run of this page, the newest first: what was asked, what came, how fast. In the memory of the page alone, and bounded: the
 * oldest go. Nothing of it reaches the server, and it ends with the page.
 *
 * @typedef {import("./document.js").Piece} Piece
 * @typedef {import("./running.js").Outcome} Outcome
 * @typedef {{
 *   number: number, at: string, what: import("./state.js").Running["what"], body: Record<string, any>, head: Document | null,
 *   outputs: readonly (readonly Piece[])[], promptTokens: number | null, tokens: number, firstMs: number | null, ms: number,
 *   queueMs: number | null, finish: string, requestId: string | null
 * }} PastRun `head`: what it went on from, as it read it; `finish`: also how it failed
 */

import { signal } from "../../vendor/preact.js";
import { sentence } from "../tell.js";
import { Document } from "./document.js";
import { withRows } from "./fold.js";
import { models, vocabulary } from "./state.js";

/** Runs, and generated tokens of all of them. */
const MOST_RUNS = 300;
const MOST_TOKENS = 50_000;

export const pastRuns = signal(/** @type {readonly PastRun[]} */ ([]));
let count = 0;

/**
 * @param {{what: PastRun["what"], body: Record<string, any>, head: Document | null, outcome: Outcome, fault: unknown, since: number, at: string, queueMs: number | null}} run
 *   since: `performance.now()` when it began
 */
export function remember({ what, body, head, outcome, fault, since, at, queueMs }) {
  const choices = outcome.choices.filter(Boolean);
  const outputs = choices.map((choice) => choice.pieces());
  const run = {
    number: ++count,
    ...{ at, what, body, outputs, queueMs },
    head: head && read(head, choices[0]?.rows, body.model),
    promptTokens: outcome.usage?.prompt_tokens ?? null,
    tokens: choices.reduce((sum, choice) => sum + choice.tokens, 0),
    firstMs: outcome.first === null ? null : outcome.first - since,
    ms: performance.now() - since,
    finish: outcome.stopped ? "stopped by you" : fault ? sentence(fault) : (choices[0]?.finish ?? "no end"),
    requestId: outcome.requestId,
  };
  pastRuns.value = bounded([run, ...pastRuns.value]);
}

/** The prompt with what this run told of it; what it knew before stays where it still held. */
/** @param {Document} head @param {Map<number, any> | undefined} rows @param {string} model */
function read(head, rows, model) {
  const pieces = head.pieces.map((piece, index) => (index < head.fresh || !piece.lens ? piece : { ...piece, lens: null }));
  const card = models.value.find(({ id }) => id === model) ?? null;
  const told = rows?.size ? withRows(pieces, head.promptPieces, rows, vocabulary(card), model) : pieces;
  return new Document(told, told.length);
}

/** @param {readonly PastRun[]} runs the newest first */
export function bounded(runs) {
  let tokens = 0;
  return runs.slice(0, MOST_RUNS).filter((run, index) => (tokens += run.tokens) <= MOST_TOKENS || index === 0);
}

/** @param {readonly PastRun[]} runs @param {string} text all of its words have to be somewhere in a run */
export function found(runs, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs;
  return runs.filter((run) => {
    const all = searchable(run);
    return words.every((word) => all.includes(word));
  });
}

/** @param {PastRun} run */
function searchable(run) {
  const { prompt, ...parameters } = run.body;
  const before = run.head ? run.head.text : typeof prompt === "string" ? prompt : "";
  return [before, ...run.outputs.map(textOf), JSON.stringify(parameters), run.finish, run.requestId ?? ""].join("\n").toLowerCase();
}

/** @param {readonly Piece[]} pieces */
export function textOf(pieces) {
  return pieces.map((piece) => piece.text).join("");
}

/** Tokens a second, from the first on. @param {PastRun} run @returns {number | null} */
export function speed({ tokens, firstMs, ms }) {
  return firstMs === null || tokens < 2 || ms <= firstMs ? null : ((tokens - 1) / (ms - firstMs)) * 1000;
}
