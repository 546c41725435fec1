/** The tree of likely continuations, level by level; a press goes on in the document from any of them. */

import { html, useState } from "../../vendor/preact.js";
import { send } from "../api.js";
import { hearBudget } from "../budget.js";
import { branches, followed } from "./explore.js";
import { ExploreTree } from "./explore_tree.js";
import { tokensOf } from "./fold.js";
import { HEADERS } from "./request.js";
import { guarded, known } from "./stage.js";
import * as state from "./state.js";

/** @typedef {import("./explore.js").Leaf} Leaf */
/** @typedef {import("./explore.js").Limits} Limits */

/** Prompts in one request, and requests of one level. */
const BATCH = 64;
const MOST_ASKED = 512;
const SECONDS = 900;

export function ExplorePanel() {
  const [limits, setLimits] = useState(/** @type {Limits} */ ({ width: 4, depth: 3, cut: 0.01 }));
  const [leaves, setLeaves] = useState(/** @type {Leaf[]} */ ([]));
  const [base, setBase] = useState(/** @type {number[]} */ ([]));
  const [busy, setBusy] = useState(false);
  const press = () => guarded(async () => {
    setBusy(true);
    const document = await known(state.text.value);
    setBase(document.promptIds);
    await explore(document.promptIds, limits, setLeaves).finally(() => setBusy(false));
  });
  return html`<div class="stack">
    <div class="parameters">
      <${Limit} name="width" least="1" most="20" step="1" limits=${limits} set=${setLimits} />
      <${Limit} name="depth" least="1" most="8" step="1" limits=${limits} set=${setLimits} />
      <${Limit} name="cut" least="0" most="1" step="any" limits=${limits} set=${setLimits} />
    </div>
    <div class="row"><button type="button" class="button primary" disabled=${busy} onClick=${press}>${busy ? "Looking…" : "Explore"}</button>
      <span class="small soft">At most ${MOST_ASKED} places are looked at; each costs the text and one token.</span></div>
    <${ExploreTree} leaves=${leaves} base=${base} />
  </div>`;
}

/** @param {{name: keyof Limits, least: string, most: string, step: string, limits: Limits, set: (limits: Limits) => void}} props */
function Limit({ name, least, most, step, limits, set }) {
  const changed = (/** @type {any} */ event) => set({ ...limits, [name]: Math.min(Number(most), Math.max(Number(least), Number(event.currentTarget.value) || 0)) });
  const told = { width: "tokens a place", depth: "tokens deep", cut: "least probability" }[name];
  return html`<div class="field"><label for=${`explore-${name}`}>${name}</label><input id=${`explore-${name}`} class="input mono" type="number" min=${least} max=${most} step=${step} value=${limits[name]} onChange=${changed} /><div class="hint">${told}</div></div>`;
}

/** Level by level, all places of a level at once. @param {number[]} prompt @param {Limits} limits @param {(leaves: Leaf[]) => void} show */
async function explore(prompt, limits, show) {
  /** @type {Leaf[]} */
  let found = [];
  /** @type {Leaf[]} */
  let open = [{ ids: [], logprob: 0, total: 0 }];
  for (let asked = 0; open.length && asked < MOST_ASKED; asked += open.length) {
    const next = (await Promise.all(batches(open.slice(0, MOST_ASKED - asked)).map((batch) => ask(prompt, batch, limits)))).flat();
    found = [...found, ...next];
    show(found);
    open = next.filter((leaf) => followed(leaf, limits));
  }
}

/** @param {Leaf[]} leaves @returns {Leaf[][]} */
function batches(leaves) {
  return Array.from({ length: Math.ceil(leaves.length / BATCH) }, (_, index) => leaves.slice(index * BATCH, (index + 1) * BATCH));
}

/** @param {number[]} prompt @param {Leaf[]} leaves @param {Limits} limits @returns {Promise<Leaf[]>} */
async function ask(prompt, leaves, limits) {
  const body = { model: state.modelId.value, prompt: leaves.map(({ ids }) => [...prompt, ...ids]), max_tokens: 1, temperature: 0, logprobs: limits.width };
  const { body: answer, told } = await send("POST", "/site/v1/completions", body, { headers: HEADERS, seconds: SECONDS });
  hearBudget(told);
  return answer.choices.flatMap((/** @type {any} */ choice) => {
    const [token] = tokensOf(choice.logprobs, state.vocabulary(), state.modelId.value);
    const leaf = leaves[choice.index];
    return token?.lens && leaf ? branches(leaf, token.lens.top, limits) : [];
  });
}
