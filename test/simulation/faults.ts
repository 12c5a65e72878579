/** What goes wrong, how often; and how often it did. A run in which nothing struck has shown nothing. */
import type { Line } from './line.ts';
import type { Scheduler } from './scheduler.ts';

export const faultKinds = [
  'process killed',
  'killed before COMMIT',
  'killed after COMMIT',
  'killed by a call',
  'process paused past its lease',
  'process paused in a call',
  'process clock an hour off',
  'process clock drifts',
  'COMMIT lost',
  'answer to COMMIT lost',
  'answer to COMMIT late',
  'store away',
  'actor held by another',
  'job lost',
  'job doubled',
  'jobs reordered',
  'queue wiped',
  'service down for minutes',
  'service unreachable',
  'service unavailable',
  'request lost',
  'answer lost',
  'request held past its undo',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Faults {
  /** Whether this fault strikes now. Counts it. */
  strikes(kind: FaultKind, probability: number): boolean;
  readonly struck: Readonly<Record<FaultKind, number>>;
  /** From now on everything works. */
  heal(): void;
  isHealed(): boolean;
  line(): Line;
}

const nearMs = 40;
const holdMs = 60_000;

/** @param without kinds that never strike; all else then goes on as before, as far as it can */
export function createFaults(scheduler: Scheduler, without: readonly FaultKind[] = []): Faults {
  const struck = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  // Some runs are bad in one way only: faults that always come together hide each other.
  const weights = new Map(faultKinds.map((kind) => [kind, scheduler.chance(0.3) ? 0 : 2 * scheduler.random()]));
  let isHealed = false;
  const strikes = (kind: FaultKind, probability: number): boolean => {
    if (isHealed || !scheduler.chance(probability * (weights.get(kind) ?? 0)) || without.includes(kind)) return false;
    struck[kind] += 1;
    return true;
  };
  const kindOf = (): Line['kind'] => {
    if (strikes('service unreachable', 0.03)) return 'unreachable';
    if (strikes('service unavailable', 0.08)) return 'unavailable';
    if (strikes('request lost', 0.04)) return 'request lost';
    if (strikes('answer lost', 0.06)) return 'answer lost';
    return strikes('request held past its undo', 0.08) ? 'held' : 'good';
  };
  return {
    strikes,
    struck,
    heal: () => void (isHealed = true),
    isHealed: () => isHealed,
    line() {
      const kind = kindOf();
      const thereMs = scheduler.below(kind === 'held' ? holdMs : nearMs);
      return { kind, thereMs, backMs: scheduler.below(nearMs) };
    },
  };
}
