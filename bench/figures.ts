/** Of many measured values, the few that are printed. */

/** @returns the value that `p` percent do not exceed; 0 of none */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? 0);
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The median, with the lowest and the highest beside it. */
export function spread(values: readonly number[]) {
  return { median: median(values), min: percentile(values, 0), max: percentile(values, 100) };
}

/** To two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
