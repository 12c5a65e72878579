/** What can still happen: the states that a chart leads to from where an actor stands, whatever its guards say. Pure. */
import { activeStates } from '../../../src/diagrams/active.ts';
import type { Chart } from '../../../src/diagrams/chart.ts';
import { stateAt } from './graph.ts';

/**
 * Paths of all states that may be active from now on, those that are active now included. A state that is not among them
 * cannot come any more: no declared way leads there.
 */
export function reachableFrom(chart: Chart, statePath: string): ReadonlySet<string> {
  const active = new Set<string>();
  const entered = new Set<string>();
  const open: string[] = [];
  const activate = (path: string): void => {
    for (const state of [path, ...ancestorsOf(path)]) {
      if (active.has(state)) continue;
      active.add(state);
      open.push(...targetsFrom(chart, state));
    }
  };
  for (const path of activeStates(chart, statePath) ?? []) activate(path);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (entered.has(path)) continue;
    entered.add(path);
    activate(path);
    open.push(...enteredWith(chart, path));
  }
  return active;
}

/** Where the transitions of an active state lead; a final state completes the one around it. */
function targetsFrom(chart: Chart, path: string): readonly string[] {
  const parent = parentOf(path);
  const completes = parent !== null && stateAt(chart, path)?.type === 'final';
  return chart.transitions
    .filter(({ source, trigger }) => (trigger.type === 'completion' ? completes && source === parent : source === path))
    .flatMap(({ targets }) => targets);
}

/** The states that are entered with a state. */
function enteredWith(chart: Chart, path: string): readonly string[] {
  const state = stateAt(chart, path);
  if (!state) return [];
  if (state.type === 'parallel') return state.children.map((child) => child.path);
  return state.initial === null ? [] : [state.initial];
}

/** Innermost first. */
export function ancestorsOf(path: string): readonly string[] {
  const parent = parentOf(path);
  return parent === null ? [] : [parent, ...ancestorsOf(parent)];
}

/** A dot that is not escaped parts a state from the one around it. */
export function parentOf(path: string): string | null {
  const at = [...path.matchAll(/(?<!\\)\./g)].at(-1)?.index;
  return at === undefined ? null : path.slice(0, at);
}
