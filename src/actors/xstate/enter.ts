/** Puts an actor into states without a transition, and asks for what those states ask for when they are entered. */
import { isDeepStrictEqual } from 'node:util';
import { type AnyMachineSnapshot, type AnyStateMachine, type AnyStateNode, type StateValue, transition } from 'xstate';
import type { Json } from '../ports.ts';
import type { EmittedAction } from './actions.ts';
import { actionKeys, completionKey, initKey } from './keys.ts';
import { keysOf, valueOf } from './state-paths.ts';

/** Where an actor is to be, by the paths of states (`a.b`). */
export interface Placement {
  /** One per active region. One that has states of its own, and a region that none of them is in, begin at their initial states. */
  readonly states: readonly string[];
  readonly context: Json;
  /** History state → the states that it remembers. */
  readonly history: Readonly<Record<string, readonly string[]>>;
}

export interface Entered {
  readonly state: AnyMachineSnapshot;
  /** In the order in which the states would have been entered. */
  readonly actions: readonly EmittedAction[];
}

/**
 * Enters states: arms all of their invokes and sets all of their timers. The machine's own entry actions do not run.
 * @throws when a state is not there, two exclude each other, or the machine would go on from there by itself
 */
export function enter(machine: AnyStateMachine, { states, context, history }: Placement): Entered {
  const historyValue = Object.fromEntries(
    Object.entries(history).map(([path, remembered]) => remember(machine, path, remembered)),
  );
  assertPlaced(machine.root, states);
  const value: StateValue = valueOf(states);
  const state: AnyMachineSnapshot = machine.resolveState({ value, context, historyValue });
  const nodes = [...(state._nodes as readonly AnyStateNode[])].sort((a, b) => a.order - b.order);
  assertRests(machine, state, nodes);
  return {
    state,
    actions: nodes.flatMap((node) => [...timersOf(machine, node, context), ...invokesOf(node, context)]),
  };
}

function assertPlaced(root: AnyStateNode, paths: readonly string[]): void {
  const chosen = new Map<AnyStateNode, string>();
  for (const path of paths) {
    let node = root;
    for (const key of keysOf(path)) {
      const other = chosen.get(node);
      if (other !== undefined && other !== key) throw new Error(`an actor is in ${other} or ${key}, not both`);
      if (node.type !== 'parallel') chosen.set(node, key);
      node = child(node, key, path);
    }
  }
}

function child(node: AnyStateNode, key: string, path: string): AnyStateNode {
  const found = Object.hasOwn(node.states, key) ? node.states[key] : undefined;
  if (!found) throw new Error(`no state is named ${path}`);
  return found;
}

function remember(machine: AnyStateMachine, path: string, remembered: readonly string[]): [string, AnyStateNode[]] {
  const at = (of: string): AnyStateNode => of.split('.').reduce((node, key) => child(node, key, of), machine.root);
  const history = at(path);
  const { parent } = history;
  if (history.type !== 'history' || !parent) throw new Error(`${path} is no history state`);
  const nodes = remembered.map(at);
  const stranger = nodes.find(({ id }) => !id.startsWith(`${parent.id}.`));
  if (stranger) throw new Error(`${path} cannot remember ${stranger.path.join('.')}: it lies elsewhere`);
  return [history.id, nodes];
}

/** XState alone asks for no `always` and no end outside a transition: an actor put there would hang. */
function assertRests(machine: AnyStateMachine, state: AnyMachineSnapshot, nodes: readonly AnyStateNode[]): void {
  const active = new Set(nodes);
  const ended = nodes.find(
    (node) => isEnded(node, active) && (node === machine.root || node.transitions.has(completionKey(node.id))),
  );
  if (ended) throw new Error(`an actor cannot be put where ${ended.path.join('.') || 'it'} has ended`);
  const [next, actions] = transition(machine, state, { type: initKey });
  if (actions.length > 0 || !isDeepStrictEqual([next.value, next.context], [state.value, state.context]))
    throw new Error('an actor cannot be put where it would go on at once, by an always');
}

function isEnded(node: AnyStateNode, active: ReadonlySet<AnyStateNode>): boolean {
  const children = Object.values(node.states).filter(({ type }) => type !== 'history');
  if (node.type === 'parallel') return children.every((region) => isEnded(region, active));
  return node.type === 'compound' && children.some((inner) => inner.type === 'final' && active.has(inner));
}

type Computed = (args: { readonly context: Json; readonly event: { readonly type: string } }) => unknown;
const isComputed = (value: unknown): value is Computed => typeof value === 'function';
const resolved = (value: unknown, context: Json): unknown =>
  isComputed(value) ? value({ context, event: { type: initKey } }) : value;

function timersOf(machine: AnyStateMachine, node: AnyStateNode, context: Json): Entered['actions'] {
  const timers = new Map<string, unknown>(node.after.map(({ eventType, delay }) => [String(eventType), delay]));
  const named = machine.implementations.delays as Readonly<Record<string, unknown>>;
  return [...timers].map(([id, delay]) => {
    const delayMs = resolved(typeof delay === 'string' ? named[delay] : delay, context);
    if (typeof delayMs !== 'number') throw new Error(`the delay ${String(delay)} is not a number`);
    return { type: actionKeys.raise, params: { id, event: { type: id }, delay: delayMs } };
  });
}

function invokesOf(node: AnyStateNode, context: Json): Entered['actions'] {
  return node.invoke.map(({ id, src, input }) => ({
    type: actionKeys.spawn,
    params: { id, src, input: resolved(input, context) },
  }));
}
