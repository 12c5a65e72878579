/** How often each fault has struck. A fault that never did shows nothing, so the run that planned it is invalid. */

export interface Counters {
  add(name: string, times?: number): void;
  /** What has not struck, but for what is not looked for. */
  missing(except?: readonly string[]): string[];
  all(): ReadonlyMap<string, number>;
}

/** @param names counted from 0, in this order */
export function createCounters(names: readonly string[]): Counters {
  const counts = new Map(names.map((name) => [name, 0]));
  return {
    add: (name, times = 1) => void counts.set(name, (counts.get(name) ?? 0) + times),
    missing: (except = []) => [...counts].flatMap(([name, n]) => (n > 0 || except.includes(name) ? [] : [name])),
    all: () => counts,
  };
}
