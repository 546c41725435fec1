// For `tsc` only: preact.js has the types of the packages that it was made of.
import { h } from "preact";

export * from "preact";
export * from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
export type { ReadonlySignal, Signal } from "@preact/signals";

/** The `html` of htm, bound to Preact; one root per template, as everywhere here. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): ReturnType<typeof h>;
