/** What the charts of the registered machines say of a state, for whoever only has its path. Pure. */
import type { ActorMachine, ChartState } from '../actors/index.ts';

export interface Deadline {
  /** Its path. */
  readonly step: string;
  readonly expectedMs: number;
}

export interface ChartFacts {
  /** Tags of all states that the path is in; none for a machine or path that is not known. */
  tagsOf(machine: string, path: string): readonly string[];
  /** The innermost state around the path that says how long it should take; null: none does, or it waits for a person. */
  deadlineOf(machine: string, path: string): Deadline | null;
  /** All paths with a deadline. */
  deadlines(): readonly (Deadline & { readonly machine: string; readonly path: string })[];
}

/** @param machines of several versions the last one counts: tags and times are the same operators' in all of them */
export function chartFacts(machines: readonly ActorMachine[]): ChartFacts {
  const charts = new Map(machines.map(({ id, states }) => [id, new Map(states.map((state) => [state.path, state]))]));
  const known = new Map<string, { readonly tags: readonly string[]; readonly deadline: Deadline | null }>();
  const factsOf = (machine: string, path: string) => {
    const key = `${machine} ${path}`;
    const states = statesOn(charts.get(machine), path);
    const facts = known.get(key) ?? {
      tags: [...new Set(states.flatMap(({ tags }) => tags))],
      deadline: deadlineIn(states),
    };
    known.set(key, facts);
    return facts;
  };
  return {
    tagsOf: (machine, path) => factsOf(machine, path).tags,
    deadlineOf: (machine, path) => factsOf(machine, path).deadline,
    deadlines: () =>
      [...charts].flatMap(([machine, chart]) =>
        [...chart.keys()].flatMap((path) => {
          const { deadline } = factsOf(machine, path);
          return deadline ? [{ machine, path, ...deadline }] : [];
        }),
      ),
  };
}

function deadlineIn(states: readonly ChartState[]): Deadline | null {
  if (states.some(({ tags }) => tags.includes('parked'))) return null;
  const timed = states.findLast(({ meta }) => typeof meta['expectedMs'] === 'number');
  return timed ? { step: timed.path, expectedMs: Number(timed.meta['expectedMs']) } : null;
}

/** The states that a path stands for, outermost first; `(a)|(b)` stands for those of both. */
function statesOn(chart: ReadonlyMap<string, ChartState> | undefined, path: string): ChartState[] {
  const leaves = path.split('|').map((leaf) => leaf.replaceAll(/^\(|\)$/g, ''));
  return leaves.flatMap((leaf) => {
    const steps = leaf.split('.');
    return steps.flatMap((_step, i) => chart?.get(steps.slice(0, i + 1).join('.')) ?? []);
  });
}
