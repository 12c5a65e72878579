/** Of many measured values, the few that are printed. */

/** @returns the value that `p` percent do not exceed; 0 of none */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? 0);
}

/** The middle one, or halfway between the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [below, above] = [sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0];
  return round((below + above) / 2);
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median, with the lowest and the highest beside it. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: percentile(values, 0), max: percentile(values, 100) };
}

/**
 * Round by round, so that what disturbed a whole round disturbs no ratio.
 * @returns of those rounds in which both have a value
 */
export function ratios(values: readonly (number | null)[], beside: readonly (number | null)[]): number[] {
  return values.flatMap((value, i) => {
    const other = beside[i];
    return value === null || !other ? [] : [value / other];
  });
}

/** To two decimals, of what is below one three, or as many as are asked for. */
export function round(value: number, decimals = Math.abs(value) < 1 ? 3 : 2): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}
