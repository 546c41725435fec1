/** `/workbench`: a document, what a base model thinks of it, and all of its branches. */

import { html, useEffect } from "../../vendor/preact.js";
import { openPage } from "../shell.js";
import { ActionBar } from "../workbench/action_bar.js";
import { DocumentView } from "../workbench/document_view.js";
import { DraftOffer } from "../workbench/draft_offer.js";
import { open } from "../workbench/opening.js";
import { fail } from "../workbench/stage.js";
import { Side } from "../workbench/side.js";
import { Strip } from "../workbench/strip.js";
import { TokenLine } from "../workbench/token_line.js";
import { TopLine } from "../workbench/top_line.js";

function Workbench() {
  useEffect(() => {
    open().catch(fail);
  }, []);
  return html`<div class="workbench">
    <h1 class="hidden-text">Workbench</h1>
    <section class="writing" aria-label="Writing">
      <${TopLine} />
      <${DraftOffer} />
      <${DocumentView} />
      <${Strip} />
      <${TokenLine} />
      <${ActionBar} />
    </section>
    <${Side} />
  </div>`;
}

openPage(Workbench, { whole: true });
