/** The fields of a key, for a new one and for one that is changed. */

import { html } from "../../vendor/preact.js";
import { get } from "../api.js";
import { Field } from "../form.js";
import { useLoad } from "../load.js";
import { countOf, tokensOf } from "../tokens.js";

/** @typedef {import("./record.js").Key} Key */

/** @param {{of: ReturnType<typeof import("../form.js").useForm>, record?: Key | null}} props record: the key as it is */
export function KeyFields({ of, record = null }) {
  const named = record?.workbench !== true;
  return html`<div class="form">
    ${named ? html`<${Field} of=${of} name="name" label="Name" value=${record?.name ?? ""} hint="What it is for, as in “eval runs”."
      maxlength="64" autocomplete="off" required autofocus />` : null}
    <div class="pair">
      <${Field} of=${of} name="monthly_tokens" label="Monthly cap (tokens)" value=${record?.monthly_tokens ?? ""} inputmode="numeric"
        autocomplete="off" placeholder="none" hint="Empty: only the account's total holds." />
      <${Field} of=${of} name="concurrency" label="Requests at once" value=${record?.concurrency ?? ""} inputmode="numeric"
        autocomplete="off" placeholder="8" hint="More than these wait in line." />
    </div>
    ${named ? html`<${Field} of=${of} name="expires" label="Expires" type="date" value=${record?.expires?.slice(0, 10) ?? ""}
      min=${tomorrow()} hint="Empty: never." />` : null}
    ${named ? html`<${Models} of=${of} chosen=${record?.models ?? null} />` : null}
  </div>`;
}

/** Which models it may use; none ticked means all. @param {{of: any, chosen: string[] | null}} props */
function Models({ of, chosen }) {
  const { content } = useLoad((signal) => get("/site/v1/models", { signal }), []);
  /** @type {{id: string}[]} */
  const models = content?.data ?? [];
  return html`<fieldset class="field">
    <legend class="label">Models</legend>
    <div class="row">${models.map(({ id }) => html`<label class="choice"><input type="checkbox" name=${`model:${id}`}
      defaultChecked=${chosen?.includes(id) ?? false} />${id}</label>`)}</div>
    <div class="hint">None ticked: every model, also those that come later.</div>
    ${of.faults.models ? html`<div class="fault">${of.faults.models}</div>` : null}
  </fieldset>`;
}

/** What the service takes, of what was typed. @param {Record<string, string>} fields @param {Key | null} [record] */
export function wanted(fields, record = null) {
  const monthly_tokens = tokensOf(fields.monthly_tokens, "monthly_tokens");
  const limits = { monthly_tokens, concurrency: countOf(fields.concurrency, "concurrency") };
  if (record?.workbench) return limits;
  const models = Object.keys(fields).flatMap((name) => (name.startsWith("model:") ? [name.slice(6)] : []));
  return { name: fields.name?.trim() ?? "", ...limits, expires: fields.expires || null, models: models.length ? models : null };
}

function tomorrow() {
  return new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
}
