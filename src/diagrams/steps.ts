/** A chart with one box per step: an effect with its retries and its parking is one thing to a newcomer. */
import { type Chart, type ChartState, statesIn } from './chart.ts';
import { type Edge, edgesOf, type Notes, notesOf } from './edges.ts';
import { briefLabelOf } from './labels.ts';
import type { ChartTransition } from './transitions.ts';

export function stepsOf(chart: Chart): {
  readonly root: ChartState;
  readonly edges: readonly Edge[];
  readonly notes: Notes;
} {
  const steps = statesIn(chart.root).filter(isStep);
  const stepAt = new Map(steps.flatMap((step) => statesIn(step).map(({ path }) => [path, step.path] as const)));
  const outer = (path: string): string => stepAt.get(path) ?? path;
  const moved = chart.transitions
    .filter((transition) => !staysInside(transition, stepAt))
    .map((transition) => ({
      ...transition,
      source: outer(transition.source),
      targets: transition.targets.map(outer),
    }));
  const root = collapsed(chart.root, reachedFromAfar(chart, moved));
  const notes = notesOf(moved, briefLabelOf);
  for (const step of steps) {
    const parks = parkingOf(step, chart.transitions);
    if (parks !== null) notes.set(step.path, [...(notes.get(step.path) ?? []), parks]);
  }
  return { root, edges: lifted(root, edgesOf(moved, briefLabelOf)), notes };
}

/** A state whose children have none themselves, one of which waits for an effect. */
function isStep({ type, children }: ChartState): boolean {
  return (
    type === 'compound' &&
    children.every((child) => child.children.length === 0) &&
    children.some(({ effects }) => effects.length > 0)
  );
}

/** Retries, parking and what a part of a step does by itself. */
function staysInside({ source, targets }: ChartTransition, stepAt: ReadonlyMap<string, string>): boolean {
  const step = stepAt.get(source);
  if (step === undefined || (targets.length === 0 && step === source)) return false;
  return targets.every((target) => stepAt.get(target) === step);
}

function collapsed(state: ChartState, afar: ReadonlySet<string>): ChartState {
  if (!isStep(state))
    return { ...state, children: state.children.map((child) => ended(collapsed(child, afar), state, afar)) };
  return {
    ...state,
    type: 'atomic',
    initial: null,
    effects: [...new Set(state.children.flatMap(({ effects }) => effects))],
    undoes: state.children.some(({ undoes }) => undoes),
    children: [],
  };
}

/** The end of a part of the machine needs no name: nobody sees an actor stand there. */
function ended(child: ChartState, parent: ChartState, afar: ReadonlySet<string>): ChartState {
  const ends = parent.children.filter(({ type }) => type === 'final').length;
  const isBare = child.type === 'final' && parent.path !== '' && ends === 1 && !afar.has(child.path);
  return isBare ? { ...child, type: 'end' } : child;
}

/** States that transitions from elsewhere than beside them lead to. */
function reachedFromAfar(chart: Chart, transitions: readonly ChartTransition[]): ReadonlySet<string> {
  const parents = new Map(
    statesIn(chart.root).flatMap((state) => state.children.map(({ path }) => [path, state.path] as const)),
  );
  return new Set(
    transitions.flatMap(({ source, targets }) => targets.filter((path) => parents.get(path) !== parents.get(source))),
  );
}

/** `parks (refused, attempts spent)`; null for a step that never does. */
function parkingOf(step: ChartState, transitions: readonly ChartTransition[]): string | null {
  const parked = new Set(step.children.filter((child) => child.parked).map(({ path }) => path));
  const into = transitions.filter(({ targets }) => targets.some((target) => parked.has(target)));
  const reasons = [...new Set(into.map(briefLabelOf))];
  return reasons.length === 0 ? null : `parks (${reasons.join(', ')})`;
}

/** What every child of a state does alike is drawn once, from the state. */
function lifted(root: ChartState, edges: readonly Edge[]): Edge[] {
  let drawn = [...edges];
  // Innermost first, so that an edge can rise more than one level.
  for (const state of statesIn(root).reverse()) {
    const sources = state.children
      .filter(({ type }) => type !== 'final' && type !== 'end' && type !== 'history')
      .map(({ path }) => path);
    if (state.path === '' || sources.length < 2) continue;
    const inside = new Set(statesIn(state).map(({ path }) => path));
    const key = (edge: Edge): string => JSON.stringify([edge.target, edge.labels]);
    const leaving = drawn.filter(({ source, target }) => sources.includes(source) && !inside.has(target));
    const common = new Set(
      [...Map.groupBy(leaving, key)].filter(([, group]) => group.length === sources.length).map(([shared]) => shared),
    );
    drawn = drawn.flatMap((edge) => {
      if (!sources.includes(edge.source) || inside.has(edge.target) || !common.has(key(edge))) return [edge];
      return edge.source === sources[0] ? [{ ...edge, source: state.path }] : [];
    });
  }
  return drawn;
}
