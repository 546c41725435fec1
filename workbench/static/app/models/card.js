/**
 * A model as `GET /v1/models` tells it, and how its standing is said. The Workbench uses it as well.
 *
 * @typedef {{days: string[], opens: string, closes: string, time_zone: string}} WarmWindow
 * @typedef {{
 *   id: string, source: string, revision: string | null, max_model_len: number, dtype: string, vocab_size: number | null,
 *   max_logprobs: number, determinism: string, state: "cold" | "starting" | "ready" | "draining" | "failed", phase: string | null,
 *   since: string, eta_seconds: number | null, progress: {bytes_loaded: number, bytes_total: number} | null,
 *   replicas: {running: number, wanted: number}, warm_policy: string, warm_windows?: WarmWindow[], idle_seconds: number,
 *   system_fingerprint: string | null, fingerprint: Record<string, string | number | null> | null
 * }} ModelCard
 */

import { html, useEffect, useState } from "../../vendor/preact.js";
import { duration, size } from "../format.js";

const LOOKS = { cold: "badge", starting: "badge caution busy", ready: "badge good", draining: "badge caution", failed: "badge bad" };
const WORDS = { cold: "Cold", starting: "Starting", ready: "Ready", draining: "Stopping", failed: "Failing" };

/** @param {{model: Pick<ModelCard, "state">}} props */
export function ModelState({ model: { state } }) {
  return html`<span class=${LOOKS[state] ?? "badge"}>${WORDS[state] ?? state}</span>`;
}

/**
 * How far a boot is: its phase, the time left by the clock of this page, and a bar. Without an ETA the bar only moves.
 *
 * @param {{model: Pick<ModelCard, "id" | "state" | "phase" | "since" | "eta_seconds" | "progress">}} props
 */
export function BootProgress({ model }) {
  const left = useCountdown(model.eta_seconds);
  if (model.state !== "starting") return null;
  const bytes = model.progress ? `, ${size(model.progress.bytes_loaded)} of ${size(model.progress.bytes_total)}` : "";
  return html`<div class="boot">
    <div class="small"><b>${model.phase ?? "starting"}</b>${bytes}
      <span class="soft number"> · ${left === null ? "no earlier boot to guess the end from" : `about ${duration(left)} left`}</span></div>
    <progress aria-label=${`${model.id} is starting`} ...${bar(model, left)}></progress>
  </div>`;
}

/** @param {Pick<ModelCard, "since">} model @param {number | null} left */
function bar({ since }, left) {
  if (left === null) return {};
  const passed = Math.max(0, (Date.now() - Date.parse(since)) / 1000);
  return { max: 1, value: Math.min(0.98, passed / Math.max(passed + left, 1)) };
}

/** Seconds left, counted down between two answers of the service. @param {number | null} seconds */
export function useCountdown(seconds) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    setLeft(seconds);
    if (seconds === null) return undefined;
    const end = Date.now() + seconds * 1000;
    const timer = setInterval(() => setLeft(Math.max(0, (end - Date.now()) / 1000)), 500);
    return () => clearInterval(timer);
  }, [seconds]);
  return left;
}
