/** Tokens of each day of a month, the models stacked on one another. A table beside it tells the same without a picture. */

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import uPlot from "../../vendor/uplot.js";
import { short, whole } from "../format.js";

const HEIGHT = 260;
const COLOURS = 6;

/** @param {{label: string, models: string[], used: number[][]}} props used: tokens by model and day */
export function DailyChart({ label, models, used }) {
  const at = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [day, setDay] = useState(/** @type {number | null} */ (null));
  useEffect(() => (at.current ? drawn(at.current, models, used, setDay) : undefined), [models.join(), JSON.stringify(used)]);
  return html`<figure class="chart">
    <div ref=${at} class="canvas" role="img" aria-label=${label}></div>
    <${Legend} models=${models} used=${used} day=${day} />
  </figure>`;
}

/** @param {{models: string[], used: number[][], day: number | null}} props the day under the pointer, else the month */
function Legend({ models, used, day }) {
  const value = (/** @type {number[]} */ days) => (day === null ? days.reduce((sum, each) => sum + each, 0) : days[day] ?? 0);
  return html`<figcaption class="legend">
    <span class="soft">${day === null ? "All days" : `Day ${day + 1}`}</span>
    ${models.map((model, at) => html`<span class="number"><i class=${`dot series-${at % COLOURS + 1}`}></i>${model}
      <b> ${whole(value(used[at] ?? []))}</b></span>`)}
  </figcaption>`;
}

/**
 * Draws, and draws anew when the width or the theme changes.
 *
 * @param {HTMLElement} at
 * @param {string[]} models
 * @param {number[][]} used
 * @param {(day: number | null) => void} onDay
 * @returns {() => void} ends it
 */
function drawn(at, models, used, onDay) {
  let plot = draw();
  function draw() {
    return new uPlot(options(at, models, onDay), stacked(used), at);
  }
  const anew = () => {
    plot.destroy();
    plot = draw();
  };
  const resized = new ResizeObserver(() => plot.setSize({ width: at.clientWidth, height: HEIGHT }));
  const system = matchMedia("(prefers-color-scheme: dark)");
  resized.observe(at);
  document.addEventListener("theme", anew);
  system.addEventListener("change", anew);
  return () => {
    resized.disconnect();
    document.removeEventListener("theme", anew);
    system.removeEventListener("change", anew);
    plot.destroy();
  };
}

/**
 * Each model's bars reach up to the sum of it and those below; the highest are drawn first, the lower ones over them.
 *
 * @param {number[][]} used
 * @returns {uPlot.AlignedData}
 */
function stacked(used) {
  const days = (used[0] ?? []).map((_, day) => day);
  const sums = used.map((_, from) => days.map((day) => used.slice(from).reduce((sum, each) => sum + (each[day] ?? 0), 0)));
  return [days.map((day) => day + 1), ...sums];
}

/** @param {HTMLElement} at @param {string[]} models @param {(day: number | null) => void} onDay @returns {uPlot.Options} */
function options(at, models, onDay) {
  const bars = uPlot.paths.bars?.({ size: [0.72, 44], radius: 0.12 });
  const axis = { stroke: colour(at, "--ink-soft"), font: `12px ${getComputedStyle(at).fontFamily}`, ticks: { show: false } };
  const line = { stroke: colour(at, "--line"), width: 1 };
  return {
    width: at.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false, range: (_plot, low, high) => [low - 0.6, high + 0.6] },
      y: { range: (_plot, _low, high) => [0, Math.max(high * 1.05, 10)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, values: (_plot, days) => days.map((day) => (Number.isInteger(day) ? String(day) : "")) },
      { ...axis, grid: line, size: 56, values: (_plot, values) => values.map((value) => short(value)) },
    ],
    series: [{}, ...models.map((label, each) => bar(at, label, each, bars))],
    hooks: { setCursor: [(plot) => onDay(plot.cursor.idx ?? null)] },
  };
}

/**
 * @param {HTMLElement} at
 * @param {string} label
 * @param {number} each
 * @param {uPlot.Series.PathBuilder | undefined} paths
 * @returns {uPlot.Series}
 */
function bar(at, label, each, paths) {
  const fill = colour(at, `--series-${(each % COLOURS) + 1}`);
  return { label, fill, stroke: fill, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
}

/** A canvas knows no custom properties: the colour as the browser resolves it here. @param {HTMLElement} at @param {string} name */
function colour(at, name) {
  const probe = at.ownerDocument.createElement("i");
  probe.style.color = `var(${name})`;
  at.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
