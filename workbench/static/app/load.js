/** What a page reads: waiting, fault, content; read again by hand or by the clock. */

import { html, useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { isAbort } from "./api.js";
import { Problem } from "./tell.js";

/**
 * @template T
 * @typedef {{content: T | null, error: unknown, again: () => Promise<void>}} Load
 */

/**
 * Reads when `what` changes, and every `seconds` while the page is looked at. Content stays while it is read again.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} read
 * @param {unknown[]} what
 * @param {number} [seconds]
 * @returns {Load<T>}
 */
export function useLoad(read, what, seconds) {
  const [state, setState] = useState(/** @type {{content: T | null, error: unknown}} */ ({ content: null, error: null }));
  const running = useRef(/** @type {AbortController | null} */ (null));
  const again = useCallback(async () => {
    running.current?.abort();
    const mine = (running.current = new AbortController());
    try {
      const content = await read(mine.signal);
      if (!mine.signal.aborted) setState({ content, error: null });
    } catch (error) {
      if (!mine.signal.aborted && !isAbort(error)) setState(({ content }) => ({ content, error }));
    }
    if (running.current === mine) running.current = null;
  }, what);
  useEffect(() => {
    void again();
    return () => running.current?.abort();
  }, [again]);
  const tick = useCallback(() => void (running.current ?? again()), [again]); // a slow answer is waited for
  useClock(tick, seconds);
  return { ...state, again };
}

/** @param {() => void} tick @param {number | undefined} seconds */
export function useClock(tick, seconds) {
  useEffect(() => {
    if (!seconds) return undefined;
    const seen = () => document.visibilityState === "visible" && tick();
    const timer = setInterval(seen, seconds * 1000);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [tick, seconds]);
}

/**
 * @template T
 * @param {{load: Load<T>, children: (content: T) => any}} props a fault shows above content that is already there
 */
export function Loaded({ load, children }) {
  const fault = load.error ? html`<${Problem} error=${load.error} again=${load.again} />` : null;
  if (load.content === null) return fault ?? html`<${Waiting} />`;
  return html`<div class="stack">${fault}${children(load.content)}</div>`;
}

export function Waiting() {
  return html`<div class="waiting" role="status"><b class="hidden-text">Loading…</b><span /><span /><span /></div>`;
}
