/** `/models`: every model with its state, live. */

import { html, useCallback, useState } from "../../vendor/preact.js";
import { get, post } from "../api.js";
import { copy } from "../copy.js";
import { ago, counted, whole } from "../format.js";
import { Icon } from "../icons.js";
import { Loaded, useLoad } from "../load.js";
import { BootProgress, ModelState } from "../models/card.js";
import { WarmPolicy } from "../models/windows.js";
import { openPage } from "../shell.js";
import { tell, tellFault } from "../tell.js";

/** @typedef {import("../models/card.js").ModelCard} ModelCard */

const SECONDS = 2;

function Models() {
  const load = useLoad((signal) => get("/site/v1/models", { signal }), [], SECONDS);
  const list = (/** @type {{data: ModelCard[]}} */ { data }) => html`<div class="models">
    ${data.map((model) => html`<${Model} key=${model.id} model=${model} again=${load.again} />`)}
    ${data.length === 0 ? html`<div class="panel empty"><p>There is no model that you may use. Ask an admin.</p></div>` : null}
  </div>`;
  return html`<div class="stack">
    <div class="heading"><div><h1>Models</h1><p>A cold model starts on its first request; this page follows it.</p></div></div>
    <${Loaded} load=${load}>${list}<//>
  </div>`;
}

/** @param {{model: ModelCard, again: () => Promise<void>}} props */
function Model({ model, again }) {
  return html`<article class="panel model" aria-label=${model.id}>
    <div class="heading">
      <div class="row"><h2 class="verbatim">${model.id}</h2><${ModelState} model=${model} /></div>
      <${WarmButton} model=${model} again=${again} />
    </div>
    <${BootProgress} model=${model} />
    <${Facts} model=${model} />
    <${Fingerprint} model=${model} />
  </article>`;
}

/** @param {{model: ModelCard, again: () => Promise<void>}} props */
function WarmButton({ model, again }) {
  const [running, setRunning] = useState(false);
  const warm = useCallback(async () => {
    setRunning(true);
    try {
      await post(`/site/v1/models/${encodeURIComponent(model.id)}/warm`);
      tell(`${model.id} is starting.`);
      await again();
    } catch (error) {
      tellFault(error);
    }
    setRunning(false);
  }, [model.id, again]);
  if (model.state !== "cold" && model.state !== "failed" && model.state !== "draining") return null;
  return html`<button type="button" class="button" disabled=${running} onClick=${warm} aria-label=${`Start ${model.id}`}>
    <${Icon} name="warm" />Start
  </button>`;
}

/** @param {{model: ModelCard}} props */
function Facts({ model }) {
  const { running, wanted } = model.replicas;
  return html`<dl class="facts">
    <${Fact} name="Context">${whole(model.max_model_len)} tokens<//>
    <${Fact} name="Type">${model.dtype}<//>
    <${Fact} name="Vocabulary">${whole(model.vocab_size)} tokens<//>
    <${Fact} name="Logprobs">up to ${model.max_logprobs}<//>
    <${Fact} name="Determinism"><span title=${DETERMINISM[model.determinism]}>${model.determinism}</span><//>
    <${Fact} name="Since">${ago(model.since)}<//>
    <${Fact} name="Replicas">${running === wanted ? counted(running, "replica") : `${running} of ${wanted}`}<//>
    <${Fact} name="Kept ready"><${WarmPolicy} model=${model} /><//>
    <${Fact} name="Source"><code class="verbatim">${model.source}</code><//>
    <${Fact} name="Revision"><code class="verbatim">${model.revision ?? "none"}</code><//>
  </dl>`;
}

/** @type {Record<string, string>} */
const DETERMINISM = {
  exact: "The same request gives the same tokens and the same logprobs, in any batch and on any replica.",
  statistical: "The same random stream, over logits whose last bits may depend on the batch.",
};

/** @param {{name: string, children?: any}} props */
function Fact({ name, children }) {
  return html`<div><dt>${name}</dt><dd>${children}</dd></div>`;
}

/** @param {{model: ModelCard}} props */
function Fingerprint({ model }) {
  const mark = model.system_fingerprint;
  if (!mark) return null;
  const copied = async () => void ((await copy(mark)) && tell("The fingerprint is copied."));
  return html`<details class="folded">
    <summary>Fingerprint <code>${mark}</code></summary>
    <p class="small soft">Results under equal fingerprints can be compared. It is made of:</p>
    <dl class="facts">${Object.entries(model.fingerprint ?? {}).map(([name, value]) => html`<${Fact} name=${name}>
      <code class="verbatim">${value === null ? "–" : String(value)}</code><//>`)}</dl>
    <button type="button" class="button little" onClick=${copied}><${Icon} name="copy" />Copy the fingerprint</button>
  </details>`;
}

openPage(Models);
