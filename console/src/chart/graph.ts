/** A chart as boxes and arrows: which states are drawn, and which transitions one arrow stands for. Pure. */
import { type Chart, type ChartState, statesIn } from '../../../src/diagrams/chart.ts';
import { type Kind, kindOf } from '../../../src/diagrams/kinds.ts';
import { briefLabelOf } from '../../../src/diagrams/labels.ts';
import type { ChartTransition } from '../../../src/diagrams/transitions.ts';

/** `steps`: a step and its calling, backing off and parked states are one box; `states`: each state is one. */
export type Detail = 'steps' | 'states';

export interface Box {
  readonly path: string;
  readonly name: string;
  readonly kind: Kind;
  readonly isFinal: boolean;
  readonly effect: string | null;
  /** The states inside that are drawn as marks, not as boxes. */
  readonly marks: readonly ChartState[];
  /** What the state takes without leaving it. */
  readonly notes: readonly string[];
  readonly children: readonly Box[];
}

export interface Arrow {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** Indexes into `Chart.transitions`. */
  readonly transitions: readonly number[];
  readonly label: readonly string[];
}

export interface ChartGraph {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  /** Path of the box that the machine starts in. */
  readonly initial: string | null;
  /** The box that a state is drawn in, by the path of the state. */
  readonly boxOf: ReadonlyMap<string, string>;
}

export function graphOf(chart: Chart, detail: Detail): ChartGraph {
  const boxes = chart.root.children.map((state) => boxFor(chart, state, detail));
  const boxOf = new Map<string, string>();
  for (const box of boxesIn(boxes)) {
    boxOf.set(box.path, box.path);
    for (const mark of box.marks) boxOf.set(mark.path, box.path);
  }
  const entered = (path: string): string => boxOf.get(enteredLeaf(chart, path)) ?? path;
  const initial = chart.root.initial === null ? null : entered(chart.root.initial);
  return { boxes, arrows: arrowsOf(chart, boxOf, entered), initial, boxOf };
}

export function boxesIn(boxes: readonly Box[]): Box[] {
  return boxes.flatMap((box) => [box, ...boxesIn(box.children)]);
}

/** The state that is active at last when a state is entered: its first child's first child, and so on. */
export function enteredLeaf(chart: Chart, path: string): string {
  let state = stateAt(chart, path);
  while (state && state.initial !== null) {
    const { initial } = state;
    state = state.children.find((child) => child.path === initial);
  }
  return state?.path ?? path;
}

const byPath = new WeakMap<Chart, ReadonlyMap<string, ChartState>>();

export function stateAt(chart: Chart, path: string): ChartState | undefined {
  const known = byPath.get(chart) ?? new Map(statesIn(chart.root).map((state) => [state.path, state]));
  byPath.set(chart, known);
  return known.get(path);
}

function boxFor(chart: Chart, state: ChartState, detail: Detail): Box {
  const isFolded = detail === 'steps' && isStep(state);
  return {
    path: state.path,
    name: state.name,
    kind: kindOfStep(state, isFolded),
    isFinal: state.type === 'final',
    effect: isFolded ? (state.children.flatMap(({ effects }) => effects)[0] ?? null) : (state.effects[0] ?? null),
    marks: isFolded ? state.children : [],
    notes: chart.transitions
      .filter(({ source, targets }) => source === state.path && targets.length === 0)
      .map((transition) => briefLabelOf(transition)),
    children: isFolded ? [] : state.children.map((child) => boxFor(chart, child, detail)),
  };
}

/** A step: states without states of their own, one of which asks for an effect. */
function isStep(state: ChartState): boolean {
  const { children } = state;
  return children.some(({ effects }) => effects.length > 0) && children.every((child) => child.children.length === 0);
}

function kindOfStep(state: ChartState, isFolded: boolean): Kind {
  const own = kindOf(state);
  if (!isFolded || own === 'pivot') return own;
  const kinds = state.children.map(kindOf);
  return kinds.find((kind) => kind === 'undo' || kind === 'effect') ?? own;
}

const maxLabels = 2;

function arrowsOf(
  chart: Chart,
  boxOf: ReadonlyMap<string, string>,
  entered: (path: string) => string,
): readonly Arrow[] {
  const between = new Map<string, { source: string; target: string; transitions: number[] }>();
  for (const [index, transition] of chart.transitions.entries())
    for (const source of sourcesOf(chart, transition))
      for (const aim of transition.targets) {
        const from = boxOf.get(source) ?? source;
        const to = entered(aim);
        if (from === to) continue;
        const key = `${from}→${to}`;
        const arrow = between.get(key) ?? { source: from, target: to, transitions: [] };
        arrow.transitions.push(index);
        between.set(key, arrow);
      }
  return [...between].map(([id, arrow]) => ({ id, ...arrow, label: labelsOf(chart, arrow.transitions) }));
}

/** A state that ends by itself is left from its final states. */
function sourcesOf(chart: Chart, { source, trigger }: ChartTransition): readonly string[] {
  if (trigger.type !== 'completion') return [source];
  const finals = (stateAt(chart, source)?.children ?? []).filter(({ type }) => type === 'final');
  return finals.length > 0 ? finals.map(({ path }) => path) : [source];
}

function labelsOf(chart: Chart, transitions: readonly number[]): readonly string[] {
  const all = transitions.flatMap((index) => {
    const transition = chart.transitions[index];
    return transition ? [briefLabelOf(transition)] : [];
  });
  const labels = [...new Set(all)].filter((label) => label !== '');
  return labels.length <= maxLabels
    ? labels
    : [...labels.slice(0, maxLabels - 1), `and ${labels.length - maxLabels + 1} more`];
}
