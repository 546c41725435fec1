/** Forms: labelled fields, faults shown at their field, one submission at a time. */

import { html, useEffect, useId, useRef, useState } from "../vendor/preact.js";
import { isApiError } from "./api.js";
import { Problem } from "./tell.js";

/** @typedef {{[param: string]: string}} Faults */

/**
 * What a form does: it runs `submit` with its fields, and keeps the faults by field. The first field at fault is focused.
 *
 * @param {(fields: Record<string, string>) => Promise<unknown>} submit
 */
export function useForm(submit) {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => {
    const first = form.current?.querySelector("[aria-invalid=true]");
    if (first instanceof HTMLElement) first.focus();
  }, [error]);
  /** @param {SubmitEvent} event */
  const onSubmit = async (event) => {
    event.preventDefault();
    if (running || !(event.currentTarget instanceof HTMLFormElement)) return;
    setRunning(true);
    setError(null);
    try {
      await submit(fieldsOf(event.currentTarget));
    } catch (fault) {
      setError(fault);
    }
    setRunning(false);
  };
  return { form, onSubmit, running, error, faults: faultsOf(error) };
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
function fieldsOf(form) {
  const pairs = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return /** @type {Record<string, string>} */ (Object.fromEntries(pairs));
}

/** @param {unknown} error @returns {Faults} */
function faultsOf(error) {
  if (!isApiError(error)) return {};
  return Object.fromEntries(error.faults.flatMap(({ param, message }) => (param ? [[param, message]] : [])));
}

/**
 * A form whose fault, where no field shows it, stands above its buttons.
 *
 * @param {{of: ReturnType<typeof useForm>, act: string, onCancel?: () => void, children?: any}} props
 */
export function Form({ of, act, onCancel, children }) {
  return html`<form class="form" ref=${of.form} onSubmit=${of.onSubmit} novalidate>
    ${children}
    ${of.error && !atField(of) ? html`<${Problem} error=${of.error} />` : null}
    <div class="row end">
      ${onCancel ? html`<button type="button" class="button" onClick=${onCancel}>Cancel</button>` : null}
      <button type="submit" class="button primary" disabled=${of.running}>${act}</button>
    </div>
  </form>`;
}

/** @param {ReturnType<typeof useForm>} of whether every fault names a field that the form has */
function atField({ form, faults }) {
  const names = Object.keys(faults);
  return names.length > 0 && names.every((name) => form.current?.elements.namedItem(name));
}

/**
 * @param {{name: string, label: string, of?: ReturnType<typeof useForm>, hint?: string, type?: string, [attribute: string]: any}} props
 *   `of` shows the field's fault; all else goes to the input. `lines` makes it a text area, `options` a choice. `value` is what it
 *   begins with: what is typed stays, however often the page is drawn.
 */
export function Field({ name, label, of, hint, type = "text", lines, options, value, ...rest }) {
  const id = useId();
  const fault = of?.faults[name];
  const told = [hint ? `${id}-hint` : "", fault ? `${id}-fault` : ""].join(" ").trim();
  const given = { id, name, class: "input", "aria-invalid": fault ? "true" : undefined, "aria-describedby": told || undefined, ...rest };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${control(given, value, { type, lines, options })}
    ${hint ? html`<div class="hint" id=${`${id}-hint`}>${hint}</div>` : null}
    ${fault ? html`<div class="fault" id=${`${id}-fault`}>${fault}</div>` : null}
  </div>`;
}

/** @param {Record<string, any>} given @param {any} value @param {{type: string, lines?: number, options?: [string, string][]}} kind */
function control(given, value, { type, lines, options }) {
  const begins = { ...given, defaultValue: value ?? "" };
  if (lines) return html`<textarea rows=${lines} ...${begins}></textarea>`;
  if (!options) return html`<input type=${type} ...${begins} />`;
  return html`<select ...${given}>
    ${options.map(([each, text]) => html`<option value=${each} selected=${each === value}>${text}</option>`)}
  </select>`;
}
