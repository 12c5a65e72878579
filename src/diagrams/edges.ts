/** Transitions as they are drawn: one arrow for all that lead from one state to another, notes for those that stay. */
import type { ChartTransition } from './transitions.ts';

export interface Edge {
  readonly source: string;
  readonly target: string;
  /** One line each. */
  readonly labels: readonly string[];
}

/** By path: what happens in a state without leaving it. */
export type Notes = ReadonlyMap<string, readonly string[]>;

type Label = (transition: ChartTransition) => string;

/** In order of first appearance. A transition with several targets is drawn to each. */
export function edgesOf(transitions: readonly ChartTransition[], label: Label): Edge[] {
  const ends = transitions.flatMap((transition) =>
    transition.targets.map((target) => ({ source: transition.source, target, label: label(transition) })),
  );
  return [...Map.groupBy(ends, ({ source, target }) => JSON.stringify([source, target])).values()].flatMap((group) =>
    group.slice(0, 1).map(({ source, target }) => ({ source, target, labels: distinct(group) })),
  );
}

export function notesOf(transitions: readonly ChartTransition[], label: Label): Map<string, readonly string[]> {
  const staying = transitions.filter(({ targets }) => targets.length === 0);
  const lines = staying.map((transition) => ({ source: transition.source, label: label(transition) }));
  return new Map([...Map.groupBy(lines, ({ source }) => source)].map(([source, group]) => [source, distinct(group)]));
}

const distinct = (group: readonly { readonly label: string }[]): string[] => [
  ...new Set(group.map(({ label }) => label).filter((label) => label !== '')),
];
