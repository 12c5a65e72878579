/**
 * What a chart declares: its states and transitions, for whoever explores, judges or draws it.
 * Source: xstate 5.33 (`StateNode`).
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { Json } from '../ports.ts';
import { delayInState, isAfterTimer, isCompletionKey, outcomeOfKey } from './keys.ts';

/** One state of a chart, by its path from the root (the root itself: ''). */
export interface ChartState {
  readonly path: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The child that is entered with it. */
  readonly initial: string | null;
  readonly tags: readonly string[];
  /** Its own `meta` alone. */
  readonly meta: { readonly [key: string]: Json };
  readonly invokes: readonly { readonly id: string; readonly src: string }[];
}

/** One transition that a chart declares. */
export interface ChartTransition {
  /** `<source>: <event in short>`, with `#2` for the second branch of several. Unique in its chart. */
  readonly id: string;
  /** Paths, as in `ChartState`. */
  readonly source: string;
  /** As XState names it; '' for `always`. */
  readonly event: string;
  /** Its place among the transitions of that event, from 0: the first whose guard holds is taken. */
  readonly branch: number;
  readonly guard: string | null;
  /** None: it stays where it is. */
  readonly targets: readonly string[];
}

/** A chart's states and transitions in document order. */
export interface Chart {
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
  /** The id of XState's own transition. */
  readonly idOf: (transition: AnyTransitionDefinition) => string | undefined;
}

export function chartOf(machine: AnyStateMachine): Chart {
  const nodes = inDocumentOrder(machine.root);
  const ids = new Map<AnyTransitionDefinition, string>();
  const transitions = nodes.flatMap((node) => transitionsOf(node, ids));
  return { states: nodes.map(stateOf), transitions, idOf: (transition) => ids.get(transition) };
}

function inDocumentOrder(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(inDocumentOrder)];
}

function stateOf(node: AnyStateNode): ChartState {
  const initial = node.type === 'compound' ? node.initial.target[0] : undefined;
  return {
    path: node.path.join('.'),
    type: node.type,
    initial: initial ? initial.path.join('.') : null,
    tags: node.tags,
    meta: JSON.parse(JSON.stringify(node.meta ?? {})) as ChartState['meta'],
    invokes: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : '' })),
  };
}

function transitionsOf(node: AnyStateNode, ids: Map<AnyTransitionDefinition, string>): ChartTransition[] {
  const byEvent = new Map<string, readonly AnyTransitionDefinition[]>([...node.transitions, ['', node.always ?? []]]);
  return [...byEvent].flatMap(([event, branches]) =>
    branches.flatMap((transition, branch) => {
      // It does nothing but forbid the event to the states around it.
      if (transition.target === undefined && transition.actions.length === 0) return [];
      const source = node.path.join('.');
      const place = branches.length > 1 ? ` #${branch + 1}` : '';
      const id = `${source === '' ? node.id : source}: ${shortEvent(event, node)}${place}`;
      ids.set(transition, id);
      const targets = (transition.target ?? []).map((target) => target.path.join('.'));
      return [{ id, source, event, branch, guard: guardName(transition.guard), targets }];
    }),
  );
}

/** `capture settled`, `capture uncertain`, `after backoff`, `done`, `always`; an event of the machine's own by its name. */
function shortEvent(event: string, node: AnyStateNode): string {
  if (event === '') return 'always';
  const settles = outcomeOfKey(event);
  if (settles) return `${settles.invoke} ${settles.outcome}`;
  if (isCompletionKey(event)) return 'done';
  if (isAfterTimer(event)) return `after ${delayInState(event, node.id)}`;
  return event;
}

function guardName(guard: unknown): string | null {
  if (guard === undefined || guard === null) return null;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'function') return guard.name;
  if (typeof guard === 'object' && 'type' in guard) return String(guard.type);
  return null;
}
