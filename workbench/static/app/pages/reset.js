/** `/reset#TOKEN`: a new password, by a link that an admin made. */

import { html, useState } from "../../vendor/preact.js";
import { isApiError, post } from "../api.js";
import { InsecurePage, isInsecure, openDoor, Sorry, takeToken } from "../door.js";
import { Form, useForm } from "../form.js";
import { keep, leaveTo } from "../session.js";
import { NewPassword } from "../user_menu.js";

const token = takeToken();

function Reset() {
  const [closed, setClosed] = useState(/** @type {"insecure" | "used" | null} */ (token ? null : "used"));
  const form = useForm(async ({ password }) => {
    try {
      keep(await post("/site/resets/use", { token, password }));
    } catch (error) {
      if (isInsecure(error)) return setClosed("insecure");
      if (isApiError(error) && error.code === "reset_unknown") return setClosed("used");
      throw error;
    }
    return leaveTo("/");
  });
  if (closed === "insecure") return html`<${InsecurePage} />`;
  if (closed === "used") return html`<${UsedUp} />`;
  return html`<section class="panel">
    <h1>Choose a new password</h1>
    <p class="soft">Every browser that is signed in under your name has to sign in again.</p>
    <${Form} of=${form} act="Set the password"><${NewPassword} of=${form} name="password" autofocus /><//>
  </section>`;
}

function UsedUp() {
  return html`<${Sorry} title="This link opens nothing">
    <p>It was used already, it is older than a day, or it is not whole. Open the whole link once more, or ask an admin for another.</p>
  <//>`;
}

openDoor(Reset);
