/**
 * What the sampler makes of the shown distribution: penalties aside, as the engine does it. Bias and temperature first, then top_k, top_p
 * and min_p. What is not shown ("others") is counted as never chosen by a cut, and else as a whole.
 *
 * @typedef {import("./document.js").Entry} Entry
 * @typedef {{temperature?: number, top_k?: number, top_p?: number, min_p?: number, logit_bias?: Record<string, number>}} Sampling
 * @typedef {{id: number, before: number, after: number}} Row
 */

/** @param {Entry[]} top @param {Sampling} sampling @returns {Row[]} the likeliest first, as they are without the sampler */
export function sampled(top, sampling) {
  const temperature = sampling.temperature ?? 1;
  const biased = top.map(([id, logprob]) => ({ id, before: Math.exp(logprob), logit: logprob + (sampling.logit_bias?.[String(id)] ?? 0) }));
  if (temperature === 0) return greedy(biased);
  const scaled = biased.map((row) => ({ ...row, logit: row.logit / temperature }));
  const kept = new Set(survivors(scaled, sampling).map(({ id }) => id));
  const highest = Math.max(...scaled.map(({ logit }) => logit));
  const mass = scaled.reduce((sum, { id, logit }) => sum + (kept.has(id) ? Math.exp(logit - highest) : 0), 0);
  return scaled.map(({ id, before, logit }) => ({ id, before, after: kept.has(id) ? Math.exp(logit - highest) / mass : 0 }));
}

/** @param {{id: number, before: number, logit: number}[]} rows @returns {Row[]} */
function greedy(rows) {
  const highest = Math.max(...rows.map(({ logit }) => logit));
  const first = rows.find(({ logit }) => logit === highest);
  return rows.map(({ id, before }) => ({ id, before, after: id === first?.id ? 1 : 0 }));
}

/** @param {{id: number, logit: number}[]} rows @param {Sampling} sampling */
function survivors(rows, sampling) {
  const { top_k: most = -1, top_p: share = 1, min_p: least = 0 } = sampling;
  const ordered = [...rows].sort((one, other) => other.logit - one.logit).slice(0, most > 0 ? most : rows.length);
  const highest = ordered[0]?.logit ?? 0;
  const mass = ordered.reduce((sum, { logit }) => sum + Math.exp(logit - highest), 0);
  let before = 0;
  return ordered.filter(({ logit }) => {
    const own = Math.exp(logit - highest);
    const inside = before < share && own >= least;
    before += own / mass;
    return inside;
  });
}
