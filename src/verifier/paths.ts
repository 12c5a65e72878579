/** Few and short walks through an explored machine that together show everything it can do. */
import type { ActorEvent, ActorMachine } from '../actors/index.ts';
import { deliveryLabels } from './delivery-label.ts';
import type { Delivery, ExploredEdge, ExploredNode, Exploration } from './exploration.ts';
import { coveringWalks, type Graph } from './walks.ts';

/** One life of an actor. */
export interface MachinePath {
  /** What no path before it shows. No two are the same. */
  readonly name: string;
  /** The first is the start. The last leads to a final state, unless none can be reached. */
  readonly steps: readonly PathStep[];
}

export interface PathStep {
  readonly delivery: Delivery;
  readonly event: ActorEvent;
  /** State paths, as a transition log has them; null before the first. */
  readonly from: string | null;
  readonly to: string;
  /** Ids of the chart's transitions that it takes. */
  readonly taken: readonly string[];
  /** The situation that it leads to. */
  readonly node: ExploredNode;
}

export interface Coverage {
  readonly states: Share;
  /** Of the chart's transitions. */
  readonly transitions: Share;
  /** Of what else was asked for: deliveries, each in every way that it is taken, and `alsoCover`. */
  readonly deliveries: Share;
  readonly paths: number;
  readonly steps: number;
  /** Steps of the longest path. */
  readonly longest: number;
  /** What no path shows, by name: transitions that nothing takes, and what only edges show that were left out. */
  readonly uncovered: readonly string[];
}

export interface Share {
  readonly covered: number;
  readonly total: number;
}

export interface PathOptions {
  /**
   * `transitions`: every state and every transition of the chart (the default). `deliveries`: besides, in every state
   * every delivery, each specimen of it, in each way that it is taken.
   */
  readonly level?: 'transitions' | 'deliveries';
  /** What else an edge shows, by name. */
  readonly alsoCover?: (edge: ExploredEdge) => readonly string[];
  /** Leaves out the edges that a driver cannot bring about. */
  readonly accept?: (edge: ExploredEdge) => boolean;
}

/** The same exploration and options give the same paths, shortest first. */
export function coveringPaths(
  exploration: Exploration,
  machine: Pick<ActorMachine, 'transitions'>,
  options: PathOptions = {},
): { readonly paths: readonly MachinePath[]; readonly coverage: Coverage } {
  const { accept = () => true } = options;
  const label = deliveryLabels(exploration);
  // Asked several times of each edge.
  const all = new Map(exploration.edges.map((edge) => [edge, shown(exploration, edge, label, options)]));
  const shownBy = (edge: ExploredEdge): Shown => all.get(edge) ?? shown(exploration, edge, label, options);
  const accepted = exploration.edges.filter(accept);
  const graph = graphOf(exploration, accepted, shownBy);
  const walks = coveringWalks(graph).map((walk) => walk.flatMap((edge) => accepted[edge] ?? []));
  const paths = named(walks, shownBy, label).map(([name, walk]) => ({
    name,
    steps: walk.map((edge) => stepOf(exploration, edge)),
  }));
  return { paths, coverage: coverageOf(machine, [...all.values()], walks, shownBy) };
}

/** What one edge shows, each by its name. */
interface Shown {
  readonly states: readonly string[];
  readonly transitions: readonly string[];
  readonly deliveries: readonly string[];
}

function shown(
  { nodes }: Exploration,
  edge: ExploredEdge,
  label: (edge: ExploredEdge) => string,
  { level, alsoCover }: PathOptions,
): Shown {
  const from = nodes[edge.from]?.row.path ?? 'nowhere';
  const way = edge.taken.length === 0 ? '' : ` by ${edge.taken.join(', ')}`;
  return {
    states: [nodes[edge.to]?.row.path ?? ''],
    transitions: edge.taken,
    deliveries: [...(level === 'deliveries' ? [`${from}: ${label(edge)}${way}`] : []), ...(alsoCover?.(edge) ?? [])],
  };
}

function allOf({ states, transitions, deliveries }: Shown): string[] {
  return [
    ...states.map((name) => `state ${name}`),
    ...transitions.map((name) => `transition ${name}`),
    ...deliveries.map((name) => `delivery ${name}`),
  ];
}

function graphOf(
  { nodes }: Exploration,
  edges: readonly ExploredEdge[],
  shownBy: (edge: ExploredEdge) => Shown,
): Graph {
  const start = nodes.length;
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
  const ends = edges.map(({ from, to }) => ({ from: from === -1 ? start : from, to }));
  const leaving = Array.from({ length: nodes.length + 1 }, (): number[] => []);
  for (const [edge, { from }] of ends.entries()) leaving[from]?.push(edge);
  const targets = edges.map((edge) => allOf(shownBy(edge)).map(numberOf));
  const isEnd = (node: number): boolean => nodes[node]?.row.snapshot.status === 'done';
  return { start, edges: ends, leaving, isEnd, targets, targetCount: numbers.size };
}

function stepOf({ nodes }: Exploration, { from, to, delivery, event, taken }: ExploredEdge): PathStep {
  const node = nodes[to];
  if (!node) throw new Error(`an edge leads to ${to}, of ${nodes.length} situations`);
  return { delivery, event, from: nodes[from]?.row.path ?? null, to: node.row.path, taken, node };
}

type Named = readonly [string, readonly ExploredEdge[]];

/** After what is new in each; the same name twice gets a number. */
function named(
  walks: readonly (readonly ExploredEdge[])[],
  shownBy: (edge: ExploredEdge) => Shown,
  label: (edge: ExploredEdge) => string,
): Named[] {
  const seen = new Set<string>();
  const used = new Map<string, number>();
  return walks.map((walk) => {
    const fresh = walk.filter((edge) => {
      const names = allOf(shownBy(edge));
      const isFresh = names.some((name) => !seen.has(name));
      for (const name of names) seen.add(name);
      return isFresh && edge.delivery.type !== 'start';
    });
    const name = inShort((fresh.length === 0 ? walk : fresh).map(label));
    const times = (used.get(name) ?? 0) + 1;
    used.set(name, times);
    return [times === 1 ? name : `${name} (${times})`, walk];
  });
}

const maxNameLength = 100;

function inShort(labels: readonly string[]): string {
  const distinct = [...new Set(labels)];
  const name = distinct.join('; ');
  if (name.length <= maxNameLength) return name;
  const fitting = distinct.filter((_, index) => distinct.slice(0, index + 1).join('; ').length <= maxNameLength);
  return `${fitting.join('; ')}; and ${distinct.length - fitting.length} more`;
}

function coverageOf(
  machine: Pick<ActorMachine, 'transitions'>,
  explored: readonly Shown[],
  walks: readonly (readonly ExploredEdge[])[],
  shownBy: (edge: ExploredEdge) => Shown,
): Coverage {
  const walked = walks.flat().map(shownBy);
  const kinds = (['states', 'transitions', 'deliveries'] as const).map((kind) => {
    const covered = new Set(walked.flatMap((it) => it[kind]));
    const known = explored.flatMap((it) => it[kind]);
    const all = new Set(kind === 'transitions' ? [...machine.transitions.map(({ id }) => id), ...known] : known);
    const uncovered = [...all].filter((name) => !covered.has(name));
    return { share: { covered: all.size - uncovered.length, total: all.size }, uncovered };
  });
  const [states, transitions, deliveries] = kinds.map(({ share }) => share);
  const none = { covered: 0, total: 0 };
  return {
    states: states ?? none,
    transitions: transitions ?? none,
    deliveries: deliveries ?? none,
    paths: walks.length,
    steps: walks.reduce((sum, walk) => sum + walk.length, 0),
    longest: Math.max(0, ...walks.map((walk) => walk.length)),
    uncovered: kinds.flatMap(({ uncovered }) => uncovered),
  };
}
