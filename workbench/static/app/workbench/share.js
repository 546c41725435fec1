/** How a probability is written. @param {number} value */
export function share(value) {
  if (value >= 0.0995) return `${(value * 100).toFixed(1)} %`;
  if (value >= 0.0001) return `${(value * 100).toPrecision(2)} %`;
  return value > 0 ? value.toExponential(1) : "0";
}
