/** What a chart's `meta` declares of its effects: which undoes which, in which order, and which one is the pivot. */
import { type ActorMachine, type ChartState, undosOf } from '../actors/index.ts';

export interface Declarations {
  /** Forward effect → the effect that undoes it. */
  readonly undoOf: ReadonlyMap<string, string>;
  /** Forward effects that say by `undo: null` that there is nothing to undo. */
  readonly needsNoUndo: ReadonlySet<string>;
  /** Effects without which an end past the pivot is as good. */
  readonly optional: ReadonlySet<string>;
  /** Undo effects in document order. */
  readonly undos: readonly string[];
  /** Effects after which the saga only goes forward. */
  readonly pivots: ReadonlySet<string>;
  /** Effect → paths of the states within which it is one step: the parents of those that invoke it. */
  readonly stepsOf: ReadonlyMap<string, readonly string[]>;
}

export function declarationsOf(machine: ActorMachine): Declarations {
  const invoking = machine.states.flatMap((state) => state.invokes.map(({ src }) => ({ state, src })));
  const optional = new Set<string>();
  const pivots = new Set<string>();
  const stepsOf = new Map<string, string[]>();
  for (const { state, src } of invoking) {
    if (state.meta['optional'] === true) optional.add(src);
    if (withAncestors(machine, state).some(({ meta }) => meta['pivot'] === true)) pivots.add(src);
    stepsOf.set(src, [...(stepsOf.get(src) ?? []), parentOf(state.path)]);
  }
  const { byEffect: undoOf, notNeededBy: needsNoUndo, effects: undos } = undosOf(machine);
  return { undoOf, needsNoUndo, optional, undos, pivots, stepsOf };
}

/** The path of the state around it; '' is the root's. */
export function parentOf(path: string): string {
  return path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
}

/** Whether `path` is `ancestor` or lies in it. */
export function isWithin(path: string, ancestor: string): boolean {
  return ancestor === '' || path === ancestor || path.startsWith(`${ancestor}.`);
}

function withAncestors(machine: ActorMachine, state: ChartState): ChartState[] {
  return machine.states.filter(({ path }) => isWithin(state.path, path));
}
