/** The part of the XState adapter that puts an actor into states without a transition, and names timers and states for it. */
import { isDeepStrictEqual } from 'node:util';
import { type AnyMachineSnapshot, type AnyStateMachine, type AnyStateNode, type StateValue, transition } from 'xstate';
import type { Json } from './ports.ts';

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
  /** In XState's encoding, in the order in which the states would have been entered. */
  readonly actions: readonly { readonly type: string; readonly params: unknown }[];
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
    for (const key of path.split('.')) {
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
    (node) => isEnded(node, active) && (node === machine.root || node.transitions.has(`xstate.done.state.${node.id}`)),
  );
  if (ended) throw new Error(`an actor cannot be put where ${ended.path.join('.') || 'it'} has ended`);
  const [next, actions] = transition(machine, state, { type: 'xstate.init' });
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
  isComputed(value) ? value({ context, event: { type: 'xstate.init' } }) : value;

function timersOf(machine: AnyStateMachine, node: AnyStateNode, context: Json): Entered['actions'] {
  const timers = new Map<string, unknown>(node.after.map(({ eventType, delay }) => [String(eventType), delay]));
  const named = machine.implementations.delays as Readonly<Record<string, unknown>>;
  return [...timers].map(([id, delay]) => {
    const delayMs = resolved(typeof delay === 'string' ? named[delay] : delay, context);
    if (typeof delayMs !== 'number') throw new Error(`the delay ${String(delay)} is not a number`);
    return { type: 'xstate.raise', params: { id, event: { type: id }, delay: delayMs } };
  });
}

function invokesOf(node: AnyStateNode, context: Json): Entered['actions'] {
  return node.invoke.map(({ id, src, input }) => ({
    type: 'xstate.spawnChild',
    params: { id, src, input: resolved(input, context) },
  }));
}

type NestedValue = { [key: string]: NestedValue };

/** The state value that has these leaves. */
export function valueOf(leaves: readonly string[]): NestedValue {
  const value: NestedValue = {};
  for (const path of leaves) path.split('.').reduce((inner, key) => (inner[key] ??= {}), value);
  return value;
}

/** The ways from the root to the leaves of a state value, as paths. */
export function leavesOf(value: Json, prefix: readonly string[] = []): readonly string[] {
  if (typeof value === 'string') return [[...prefix, value].join('.')];
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (inner.length === 0) return prefix.length === 0 ? [] : [prefix.join('.')];
  return inner.flatMap(([key, below]) => leavesOf(below, [...prefix, key]));
}

/** The path of a state by its id, if that is not one of its author's own making. */
export const pathOfStateId = (machineId: string, id: string): string | null =>
  id.startsWith(`${machineId}.`) ? id.slice(machineId.length + 1) : null;

const afterPrefix = 'xstate.after.';

/** Gives a timer of `after` another state; null for any other timer, and for one of a state with an id of its own. */
export function moveTimer(machineId: string, timerId: string, move: (path: string) => string): string | null {
  if (!isAfterTimer(timerId)) return null;
  const at = timerId.indexOf(`.${machineId}.`, afterPrefix.length);
  if (at < 0) return null;
  const path = timerId.slice(at + machineId.length + 2);
  return `${timerId.slice(0, at)}.${machineId}.${move(path)}`;
}

/** Whether a timer belongs to a state; one of a delayed `raise` belongs to the actor. */
export const isAfterTimer = (timerId: string): boolean => timerId.startsWith(afterPrefix);
