/** A strip under the text: the surprisal of every token, from first to last. A press leads to the token. */

import { effect, html, useEffect, useRef } from "../../vendor/preact.js";
import { bits } from "./lens.js";
import { choose } from "./shortcuts.js";
import * as state from "./state.js";

const HEIGHT = 44;
/** Bits at the top of the strip. */
const HIGHEST = 16;

export function Strip() {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const drawn = /** @type {HTMLCanvasElement} */ (canvas.current);
    let waiting = 0;
    const soon = () => (waiting ||= requestAnimationFrame(() => ((waiting = 0), draw(drawn))));
    const end = effect(() => {
      void [state.text.value, state.looked.value];
      soon();
    });
    const size = new ResizeObserver(soon);
    size.observe(drawn);
    document.addEventListener("theme", soon);
    return () => {
      end();
      size.disconnect();
      document.removeEventListener("theme", soon);
      cancelAnimationFrame(waiting);
    };
  }, []);
  /** @param {MouseEvent} event */
  const pressed = (event) => choose(Math.floor((event.offsetX / Math.max(1, canvas.current?.clientWidth ?? 1)) * state.text.value.pieces.length));
  return html`<canvas class="strip" ref=${canvas} height=${HEIGHT} onClick=${pressed} role="img" aria-label="Surprisal of each token; F2 leads to the highest"></canvas>`;
}

/** @param {HTMLCanvasElement} canvas */
function draw(canvas) {
  const context = canvas.getContext("2d");
  const width = canvas.clientWidth;
  if (!context || !width) return;
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  bars(context, width, style.color, style.caretColor);
}

/** One bar a token; where there are more tokens than pixels, the highest of those that share one. */
/** @param {CanvasRenderingContext2D} context @param {number} width @param {string} colour @param {string} now */
function bars(context, width, colour, now) {
  const document = state.text.value;
  const step = width / Math.max(document.pieces.length, 1);
  const heights = new Float32Array(Math.ceil(width) + 1);
  for (let index = 0; index < document.fresh; index++) {
    const logprob = document.lens(index)?.logprob ?? null;
    if (logprob === null) continue;
    const at = Math.floor(index * step);
    heights[at] = Math.max(heights[at] ?? 0, Math.min(1, bits(logprob) / HIGHEST) * (HEIGHT - 6) + 1);
  }
  context.fillStyle = colour;
  heights.forEach((height, at) => height && context.fillRect(at, HEIGHT - height, Math.max(1, step - 1), height));
  context.fillStyle = now;
  context.fillRect(Math.floor(state.looked.value * step), 0, Math.max(2, step - 1), 3);
}
