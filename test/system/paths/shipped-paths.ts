/** The covering paths of the shipped machines, and what there is for them to show. */
import { actorMachine, type ActorMachine } from '../../../src/actors/index.ts';
import { machines } from '../../../src/machines/index.ts';
import type { ExploredEdge } from '../../../src/verifier/exploration.ts';
import { explore } from '../../../src/verifier/explore.ts';
import { coveringPaths, type MachinePath } from '../../../src/verifier/paths.ts';
import type { Assignment } from './run-paths.ts';

export interface ShippedPaths {
  /** Longest first: no lane is left with a long one at the end. */
  readonly assignments: readonly Assignment[];
  /** Machine → how much of it there is to be shown. */
  readonly reachable: ReadonlyMap<string, { readonly states: number; readonly transitions: number }>;
}

const explored = machines.map(({ machine: definition, version, environment }) => {
  const machine = actorMachine(definition, version);
  return { machine, exploration: explore(machine, environment) };
});

/** @param accept leaves out what cannot come about, and what is only reached by it */
export function shippedPaths(
  level: 'transitions' | 'deliveries',
  seed: number,
  accept?: (edge: ExploredEdge) => boolean,
): ShippedPaths {
  const reachable = new Map<string, { states: number; transitions: number }>();
  const found: { machine: ActorMachine; path: MachinePath }[] = [];
  for (const { machine, exploration } of explored) {
    const options = { level, ...(accept ? { accept } : {}) };
    const { paths, coverage } = coveringPaths(exploration, machine, options);
    // Of a whole machine everything that it declares; of a part of it, what the paths found in that part.
    const of = accept ? 'covered' : 'total';
    reachable.set(machine.id, { states: coverage.states[of], transitions: coverage.transitions[of] });
    for (const path of paths) found.push({ machine, path });
  }
  found.sort((a, b) => b.path.steps.length - a.path.steps.length);
  return { assignments: found.map((one, index) => ({ ...one, seed: seed + index })), reachable };
}

/** In the transaction of the transition an effect is done or refused: a database fault rolls back, and is no outcome. */
export function isSameTransaction({ delivery }: ExploredEdge): boolean {
  if (delivery.type !== 'outcome' || !/^(?:orders|inventory)\./.test(delivery.effect.src)) return true;
  return delivery.outcome === 'done' || delivery.outcome === 'refused';
}
