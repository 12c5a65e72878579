/** The covering paths of the shipped machines, and what there is for them to show. */
import { actorMachine, type ActorMachine } from '../../../src/actors/index.ts';
import { machines } from '../../../src/machines/index.ts';
import type { ExploredEdge, Exploration, MachineEnvironment } from '../../../src/verifier/exploration.ts';
import { explore } from '../../../src/verifier/explore.ts';
import { coveringPaths, type MachinePath } from '../../../src/verifier/paths.ts';
import type { Assignment } from './run-paths.ts';

export interface ShippedPaths {
  /** Longest first: no lane is left with a long one at the end. */
  readonly assignments: readonly Assignment[];
  /** Machine → how much of it there is to be shown. */
  readonly reachable: ReadonlyMap<string, { readonly states: number; readonly transitions: number }>;
}

/**
 * Answers that the participants do not give on the way of a path: they are refusals of what nobody asks for twice, or come
 * from the participant itself where the path only says that it is done.
 */
const undriven: readonly unknown[] = ['authorization_voided', 'reservation_released', 'expired', 'nothing'];

const explored = machines.map(({ machine: definition, version, environment }) => {
  const machine = actorMachine(definition, version);
  return { machine, exploration: explore(machine, drivable(environment)) };
});

function drivable(environment: MachineEnvironment): MachineEnvironment {
  const effects = Object.entries(environment.effects).map(([src, answers]) => {
    const outcomes = answers.outcomes.filter(({ value }) => !undriven.includes(value['code'] ?? value['settlement']));
    return [src, { ...answers, outcomes }] as const;
  });
  return { ...environment, effects: Object.fromEntries(effects) };
}

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
    const { states, transitions } = coverage;
    // Of a whole machine everything that it declares; of a part of it, what can be reached within that part.
    const whole = { states: states.total, transitions: transitions.total };
    reachable.set(machine.id, accept ? within(exploration, accept) : whole);
    for (const path of paths) found.push({ machine, path });
  }
  found.sort((a, b) => b.path.steps.length - a.path.steps.length);
  return { assignments: found.map((one, index) => ({ ...one, seed: seed + index })), reachable };
}

/** How much can be reached by accepted edges alone. */
function within({ nodes, edges }: Exploration, accept: (edge: ExploredEdge) => boolean) {
  const leaving = Map.groupBy(edges.filter(accept), ({ from }) => from);
  const entered = new Set((leaving.get(-1) ?? []).map(({ to }) => to));
  const taken = new Set((leaving.get(-1) ?? []).flatMap((edge) => edge.taken));
  // The set grows while it is walked.
  for (const id of entered)
    for (const edge of leaving.get(id) ?? []) {
      entered.add(edge.to);
      for (const transition of edge.taken) taken.add(transition);
    }
  return { states: new Set([...entered].map((id) => nodes[id]?.row.path)).size, transitions: taken.size };
}

/** In the transaction of the transition an effect is done or refused: a database fault rolls back, and is no outcome. */
export function isSameTransaction({ delivery }: ExploredEdge): boolean {
  if (delivery.type !== 'outcome' || !/^(?:orders|inventory)\./.test(delivery.effect.src)) return true;
  return delivery.outcome === 'done' || delivery.outcome === 'refused';
}
