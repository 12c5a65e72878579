/** What a property of a machine is: a promise, and how to find where it is broken. */
import type { ActorMachine } from '../actors/index.ts';
import type { ExploredEdge, ExploredFault, ExploredNode, Exploration, Ghost } from './exploration.ts';
import type { Rules } from './ghost.ts';

export interface Property {
  /** Stable, kebab-case. */
  readonly name: string;
  /** What holds when nothing is found, in a sentence. */
  readonly promise: string;
  /** What it misses may only not have been explored yet: it says nothing of a search that was cut off. */
  readonly needsAll?: true;
  /** Shortest ways first. */
  readonly find: (subject: Subject) => Iterable<Violation>;
}

export interface Subject {
  readonly machine: ActorMachine;
  readonly rules: Rules;
  readonly exploration: Exploration;
  /** Node → the edges that leave it. */
  readonly leaving: readonly (readonly ExploredEdge[])[];
  /** Shortest ways first. */
  readonly undosArmed: readonly UndoArmed[];
}

/** An undo was armed, and this was true just before. */
export interface UndoArmed {
  readonly step: Step;
  readonly undo: string;
  readonly before: Ghost;
}

export interface Violation {
  readonly message: string;
  readonly at: Place;
}

/** Where a property is broken: in a situation, by a delivery, or in the chart itself. */
export type Place =
  | { readonly type: 'node'; readonly node: ExploredNode }
  | { readonly type: 'edge'; readonly edge: ExploredEdge }
  | { readonly type: 'fault'; readonly fault: ExploredFault }
  /** Shown by the shortest way to this state, if there is one. */
  | { readonly type: 'chart'; readonly state: string };

/** An edge with both its ends. */
export interface Step {
  readonly edge: ExploredEdge;
  /** Null before the start. */
  readonly from: ExploredNode | null;
  readonly to: ExploredNode;
}

export function* stepsOf({ nodes, edges }: Exploration): Iterable<Step> {
  for (const edge of edges) {
    const to = nodes[edge.to];
    if (to) yield { edge, from: nodes[edge.from] ?? null, to };
  }
}

export const inNode = (node: ExploredNode, message: string): Violation => ({ message, at: { type: 'node', node } });
export const onEdge = ({ edge }: Pick<Step, 'edge'>, message: string): Violation => ({
  message,
  at: { type: 'edge', edge },
});

export function hasEnded({ row }: ExploredNode): boolean {
  return row.snapshot.status !== 'active';
}
