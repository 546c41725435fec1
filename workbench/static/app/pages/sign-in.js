/** `/sign-in`, and from there to the page that led here. */

import { html, useEffect, useState } from "../../vendor/preact.js";
import { post } from "../api.js";
import { InsecurePage, isInsecure, openDoor } from "../door.js";
import { Field, Form, useForm } from "../form.js";
import { keep, known, leaveTo, nextPage } from "../session.js";

function SignIn() {
  const [insecure, setInsecure] = useState(false);
  useEffect(() => void known().then((found) => found && leaveTo(nextPage(location.hash)), () => undefined), []);
  const form = useForm(async ({ name, password }) => {
    try {
      keep(await post("/site/sign-in", { name, password }));
    } catch (error) {
      if (isInsecure(error)) return setInsecure(true);
      throw error;
    }
    return leaveTo(nextPage(location.hash));
  });
  if (insecure) return html`<${InsecurePage} />`;
  return html`<section class="panel">
    <h1>Sign in</h1>
    <${Form} of=${form} act="Sign in">
      <${Field} of=${form} name="name" label="Name" autocomplete="username" autocapitalize="none" spellcheck=${false} required autofocus />
      <${Field} of=${form} name="password" label="Password" type="password" autocomplete="current-password" required />
    <//>
    <p class="soft small">No account yet, or the password forgotten? An admin of this service makes a link for you.
      The <a href="/docs">docs</a> are open to all.</p>
  </section>`;
}

openDoor(SignIn);
