/** Unsaved work of before, offered above the document. */

import { html, useEffect } from "../../vendor/preact.js";
import { ago } from "../format.js";
import { session } from "../session.js";
import { dropDraft, keepDrafts, offered, takeDraft } from "./saved_drafts.js";
import { told } from "./saved_opening.js";
import { visible } from "./spelling.js";
import * as state from "./state.js";

const SHOWN = 60;

export function DraftOffer() {
  const user = session.value?.user.id;
  useEffect(() => (user ? keepDrafts(user) : undefined), [user]);
  const draft = offered.value?.draft;
  if (!draft) return null;
  const name = draft.open?.name ?? String(draft.content.text ?? "").trim();
  return html`<div class="notice draft" role="status">
    <span class="grow">Not saved, from ${ago(draft.at / 1000)}: <b class="verbatim">${visible(name, SHOWN).replaceAll("␣", " ") || "an empty text"}</b></span>
    <button type="button" class="button little" disabled=${state.running.value !== null} onClick=${() => told(async () => takeDraft())}>Open it again</button>
    <button type="button" class="button little plain" onClick=${dropDraft}>Drop it</button>
  </div>`;
}
