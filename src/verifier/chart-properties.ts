/** The chart says what the runtime and its readers need, and nothing of it is dead. */
import { activeLeaves } from '../actors/index.ts';
import { parentOf } from './declarations.ts';
import { inNode, type Property, type Subject, type Violation } from './property.ts';

export const chartProperties: readonly Property[] = [
  {
    name: 'search-ends',
    promise: 'the situations are finitely many: no counter grows without bound',
    *find({ exploration: { nodes, cappedAt } }) {
      const last = nodes.at(-1);
      if (cappedAt !== null && last)
        yield inNode(last, `there are more than ${cappedAt} situations: nothing is proven`);
    },
  },
  {
    name: 'effects-have-deadlines',
    promise: 'every state that asks for an effect names it, and how long one call may take',
    *find({ machine }) {
      for (const { path, meta, invokes } of machine.states)
        for (const { src } of invokes) {
          const { timeoutMs, effect } = meta;
          if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) yield inState(path, `${path} has no meta.timeoutMs`);
          // One state may ask for several effects; then there is not one to name.
          if (invokes.length === 1 && effect !== src)
            yield inState(path, `${path} asks for ${src}; its meta.effect is ${JSON.stringify(effect) ?? 'missing'}`);
        }
    },
  },
  {
    name: 'every-state-reachable',
    promise: 'every state of the chart is entered',
    needsAll: true,
    *find(subject) {
      const visited = visitedStates(subject);
      for (const { path, type } of subject.machine.states)
        if (type !== 'history' && !visited.has(path)) yield inState(parentOf(path), `${path} is never entered`);
    },
  },
  {
    name: 'every-transition-reachable',
    promise: 'every transition of a state that is entered is taken',
    needsAll: true,
    *find(subject) {
      const { machine, exploration } = subject;
      const visited = visitedStates(subject);
      const taken = new Set(exploration.edges.flatMap((edge) => edge.taken));
      for (const { id, source } of machine.transitions)
        if (visited.has(source) && !taken.has(id)) yield inState(source, `never taken: ${id}`);
    },
  },
];

const inState = (state: string, message: string): Violation => ({ message, at: { type: 'chart', state } });

/** Paths of all states that were active, if only while one step was computed. */
function visitedStates({ machine, exploration }: Subject): ReadonlySet<string> {
  const states = new Map(machine.states.map((state) => [state.path, state]));
  const visited = new Set<string>();
  const enter = (path: string): void => {
    for (let above = path; ; above = parentOf(above)) {
      visited.add(above);
      if (above === '') break;
    }
    const state = states.get(path);
    if (state?.type === 'compound' && state.initial !== null) enter(state.initial);
    if (state?.type === 'parallel')
      for (const child of states.keys()) if (child !== path && parentOf(child) === path) enter(child);
  };
  for (const { row } of exploration.nodes) activeLeaves(row.snapshot.value).forEach(enter);
  const taken = new Set(exploration.edges.flatMap((edge) => edge.taken));
  for (const { id, source, targets } of machine.transitions)
    if (taken.has(id)) [source, ...targets.filter((target) => states.get(target)?.type !== 'history')].forEach(enter);
  return visited;
}
