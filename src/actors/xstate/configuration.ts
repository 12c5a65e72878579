/** What a chart says of the states that an actor is in: worked out once for each state value, not at every step. */
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import type { StateView } from '../ports.ts';
import { mergedMeta } from './merged-meta.ts';
import { pathOf } from './state-paths.ts';

export interface Configuration {
  readonly view: StateView;
  /** Invoke → the effect it asks for. */
  readonly invokes: ReadonlyMap<string, string>;
}

/** A chart with more, by its parallel states, begins to forget. */
const maxKept = 1_000;

/** @returns what tells of the states of one machine */
export function configurations(): (state: AnyMachineSnapshot) => Configuration {
  const kept = new Map<string, Configuration>();
  return (state) => {
    const key = JSON.stringify(state.value);
    const known = kept.get(key);
    if (known) return known;
    if (kept.size >= maxKept) kept.clear();
    const found = configurationOf(state);
    kept.set(key, found);
    return found;
  };
}

function configurationOf(state: AnyMachineSnapshot): Configuration {
  const nodes = state._nodes as readonly AnyStateNode[];
  const invokes = nodes.flatMap((node) =>
    node.invoke.map((invoke) => [invoke.id, typeof invoke.src === 'string' ? invoke.src : ''] as const),
  );
  return {
    view: { path: pathOf(state.value), tags: [...state.tags].sort(), meta: mergedMeta(nodes) },
    invokes: new Map(invokes),
  };
}
