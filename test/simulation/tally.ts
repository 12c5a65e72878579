/** Adds up what many runs went through, and names the faults that never struck: of those nothing was shown. */
import { type FaultKind, faultKinds } from './faults.ts';
import type { Run } from './simulate.ts';

export interface Tally {
  add(run: Run): void;
  readonly sums: ReadonlyMap<string, number>;
  neverStruck(): readonly FaultKind[];
}

export function createTally(): Tally {
  const sums = new Map<string, number>();
  const add = (name: string, n: number): void => void sums.set(name, (sums.get(name) ?? 0) + n);
  return {
    sums,
    add(run) {
      add('runs', 1);
      add('orders', run.orders);
      add('steps', run.steps);
      for (const [state, n] of Object.entries(run.ends)) add(`ends ${state}`, n);
      for (const [kind, n] of Object.entries(run.struck)) add(kind, n);
      for (const [what, n] of Object.entries(run.observed)) add(what, n);
    },
    neverStruck: () => faultKinds.filter((kind) => (sums.get(kind) ?? 0) === 0),
  };
}
