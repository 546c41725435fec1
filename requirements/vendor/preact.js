// What the pages import from ../vendor/preact.js: Preact, its hooks, signals, and `html` of htm bound to Preact.
export * from "preact";
export * from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
