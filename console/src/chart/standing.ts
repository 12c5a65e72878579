/** How a chart looks from where an actor stands: what was visited, where it is, what comes next, what cannot come. Pure. */
import { activeStates } from '../../../src/diagrams/active.ts';
import type { Chart } from '../../../src/diagrams/chart.ts';
import { reachableFrom } from './reach.ts';
import { type Move, takenIn, visitedIn } from './taken.ts';

export interface Standing {
  /** Active states, outermost first; empty where the chart has no such state. */
  readonly active: ReadonlySet<string>;
  readonly visited: ReadonlySet<string>;
  /** How often each transition was taken, by index. */
  readonly taken: ReadonlyMap<number, number>;
  /** Indexes of transitions that leave an active state. */
  readonly next: ReadonlySet<number>;
  /** States that may be active from now on. */
  readonly reachable: ReadonlySet<string>;
}

/** @param moves from the first transition on; the last one leads to where the actor stands */
export function standingAfter(chart: Chart, moves: readonly Move[]): Standing | null {
  const last = moves.at(-1);
  if (!last) return null;
  const active = new Set(activeStates(chart, last.to) ?? []);
  // What completes a state comes of itself, after one of these.
  const next = chart.transitions.flatMap(({ source, targets, trigger }, index) =>
    active.has(source) && targets.length > 0 && trigger.type !== 'completion' ? [index] : [],
  );
  return {
    active,
    visited: visitedIn(chart, moves),
    taken: takenIn(chart, moves),
    next: new Set(next),
    reachable: reachableFrom(chart, last.to),
  };
}
