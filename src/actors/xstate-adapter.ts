/**
 * The one file that knows how XState encodes actions, events and snapshots. The rest of the runtime sees steps: a
 * persisted snapshot, and in order what the transition asks for (effects to arm, timers, messages).
 * Source: xstate 5.33 (`initialTransition`, `transition`, `resolveState`; the SCXML order of exit before entry actions).
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  initialTransition,
  type StateValue,
  transition,
} from 'xstate';
import { assertActorId } from './actor-id.ts';
import type {
  ActorEvent,
  Json,
  Outcome,
  PersistedSnapshot,
  SettledOutcome,
  StateView,
  UncertainOutcome,
} from './ports.ts';
import { structureHash } from './structure-hash.ts';
import { enter, type Placement } from './xstate-entry.ts';
import { type ChartState, type ChartTransition, chartOf, traceStart, traceStep } from './xstate-chart.ts';

/** What a transition asks the runtime to do, in the order XState gave it. */
export type MachineAction =
  | {
      readonly type: 'arm';
      readonly invoke: string;
      readonly src: string;
      readonly input: Json;
      readonly timeoutMs: number;
    }
  | { readonly type: 'disarm'; readonly invoke: string }
  | { readonly type: 'setTimer'; readonly id: string; readonly event: ActorEvent; readonly delayMs: number }
  | { readonly type: 'cancelTimer'; readonly id: string }
  | { readonly type: 'tell'; readonly machine: string; readonly id: string; readonly event: ActorEvent };

/** A machine's state in memory. Opaque: only this file looks inside. */
export type LiveState = AnyMachineSnapshot;

export interface MachineStep {
  readonly state: LiveState;
  readonly snapshot: PersistedSnapshot;
  readonly view: StateView;
  readonly actions: readonly MachineAction[];
  /** Invokes of the states that are active now: a pending effect of any other has been left. */
  readonly invokes: ReadonlyMap<string, string>;
}

export interface TracedStep extends MachineStep {
  /** Ids of the chart's transitions in the order they were taken, `always` ones included. */
  readonly taken: readonly string[];
}

/** The stored snapshot does not fit the machine (a state or effect is gone, a value differs): park, never guess. */
export class RehydrationError extends Error {
  override readonly name = 'RehydrationError';
}

/** A machine as the runtime uses it: pure functions over persisted snapshots. */
export interface ActorMachine {
  readonly id: string;
  readonly version: string;
  /** SHA-256 of the machine's structure: states, transitions, names of guards and actions, delays, tags, meta. */
  readonly structureHash: string;
  readonly config: Json;
  /** Names of all effects it may ask for. */
  readonly effects: readonly string[];
  /** What its chart declares, in document order. */
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
  start(input: Json): MachineStep;
  /** @throws RehydrationError */
  rehydrate(snapshot: PersistedSnapshot): MachineStep;
  /**
   * Puts an actor into states without a transition: the actions arm all of their invokes and set all of their timers. The
   * machine's own entry actions do not run.
   * @throws when a state is not there, two exclude each other, or the machine would go on from there by itself
   */
  enter(placement: Placement): MachineStep;
  /** @throws whatever a guard or an assign throws */
  step(state: LiveState, event: ActorEvent): MachineStep;
  /** The same as `start` (`state` is null) and `step`, telling also what was taken. For exploring: slower. */
  trace(state: LiveState | null, event: ActorEvent): TracedStep;
  accepts(state: LiveState, event: ActorEvent): boolean;
  /**
   * Event types of the machine's own (no outcomes, no timers) that would be accepted now. One whose guard wants to see a
   * payload cannot be asked for by its type: the state names it in `meta.accepts`.
   */
  acceptedEvents(state: LiveState): readonly string[];
}

const defaultTimeoutMs = 10_000;

/** @param version changes whenever the structure, a guard or an assign does; actors stay on theirs */
export function actorMachine(definition: AnyStateMachine, version: string): ActorMachine {
  const machine = bounded(definition);
  const invokes = invokesOf(machine.root);
  const config = plainJson(machine.config);
  const chart = chartOf(machine);
  return {
    id: machine.id,
    version,
    structureHash: structureHash(config),
    config,
    effects: effectsOf(machine.root),
    states: chart.states,
    transitions: chart.transitions,
    start: (input) => toStep(invokes, ...initialTransition(machine, input)),
    rehydrate: (snapshot) => toStep(invokes, rehydrate(machine, snapshot), []),
    enter: (placement) => {
      const { state, actions } = enter(machine, placement);
      return toStep(invokes, state, actions);
    },
    step: (state, event) => toStep(invokes, ...transition(machine, state, event)),
    trace: (state, event) => {
      const traced = state ? traceStep(machine, state, event) : traceStart(machine, inputOf(event));
      return {
        ...toStep(invokes, traced.state, traced.actions),
        taken: traced.transitions.flatMap((transition) => chart.idOf(transition) ?? []),
      };
    },
    accepts: (state, event) => state.can(event),
    acceptedEvents: (state) => acceptedEvents(machine, state),
  };
}

function effectsOf(node: AnyStateNode): string[] {
  const own = node.invoke.map(({ src }) =>
    typeof src === 'string' ? src : `${node.id} invokes something without a name`,
  );
  return [...new Set([...own, ...Object.values(node.states).flatMap(effectsOf)])];
}

function acceptedEvents(machine: AnyStateMachine, state: LiveState): string[] {
  if (state.status !== 'active') return [];
  const declared = mergedMeta(state._nodes as readonly AnyStateNode[])['accepts'];
  const withPayload = Array.isArray(declared) ? declared.map(String) : [];
  // `AnyStateMachine` forgets that they are strings.
  const types: readonly string[] = machine.events;
  return types.filter((type) => !type.startsWith('xstate.') && (withPayload.includes(type) || canByType(state, type)));
}

function canByType(state: LiveState, type: string): boolean {
  try {
    return state.can({ type });
  } catch {
    // Its guard trips over the missing payload. That says nothing of the state's other events.
    return false;
  }
}

/** XState lets a circle of `always` run for ever, and with it every process that meets the actor. */
const maxMicrosteps = 1_000;

function bounded(definition: AnyStateMachine): AnyStateMachine {
  const machine = definition.provide({});
  machine.options = {
    ...machine.options,
    maxIterations: Math.min(maxMicrosteps, machine.options.maxIterations ?? Infinity),
  };
  return machine;
}

/** Ids of all invokes of a machine: whatever else is spawned could not be found again after a crash. */
function invokesOf(node: AnyStateNode): Set<string> {
  return new Set([
    ...node.invoke.map(({ id }) => id),
    ...Object.values(node.states).flatMap((child) => [...invokesOf(child)]),
  ]);
}

// Event keys of XState's own making; nowhere else are they written.

export const initEvent = (input: Json): ActorEvent => ({ type: 'xstate.init', input });

export const settledEvent = (invoke: string, outcome: SettledOutcome): ActorEvent => ({
  type: `xstate.done.actor.${invoke}`,
  actorId: invoke,
  output: { ...outcome.value, type: outcome.type },
});

/** `random` is drawn here once, so that a backoff computed from it replays to the same instant. */
export const uncertainEvent = (invoke: string, outcome: UncertainOutcome, random: number): ActorEvent => ({
  type: `xstate.error.actor.${invoke}`,
  actorId: invoke,
  error: { type: outcome.type, code: outcome.code, message: outcome.message, random },
});

/** Which effect an event settles, and how; null for any other event. */
export function outcomeOfEvent(
  event: ActorEvent,
): { readonly invoke: string; readonly outcome: Outcome['type'] } | null {
  const invoke = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(event.type)?.[1];
  if (invoke === undefined) return null;
  const answer = event['output'] ?? event['error'];
  const type = isRecord(answer) ? answer['type'] : undefined;
  return type === 'done' || type === 'refused' || type === 'failed' || type === 'unknown'
    ? { invoke, outcome: type }
    : null;
}

/** The name of a timer's delay (`backoff`, `1000`); of one that no `after` has set, its id. */
export function delayOf(timerId: string): string {
  return /^xstate\.after\.([^.]+)\./.exec(timerId)?.[1] ?? timerId;
}

/** What a log says of a migration: from here on the actor is of version `to`, and its snapshot is this. */
export interface LoggedMigration {
  readonly from: string;
  readonly to: string;
  readonly snapshot: PersistedSnapshot;
}

const migratedType = 'actor.migrated';

export const migratedEvent = ({ from, to, snapshot }: LoggedMigration): ActorEvent => ({
  type: migratedType,
  from,
  to,
  snapshot: plainJson(snapshot),
});

/** What a migration wrote, if the event is one's. */
export function migrationOfEvent({ type, from, to, snapshot }: ActorEvent): LoggedMigration | null {
  if (type !== migratedType || typeof from !== 'string' || typeof to !== 'string') return null;
  return isPersisted(snapshot) ? { from, to, snapshot } : null;
}

function isPersisted(value: unknown): value is PersistedSnapshot {
  return isRecord(value) && 'status' in value && 'value' in value && 'context' in value;
}

/**
 * Replays one logged event: the first builds the actor, each later one moves it; a migration starts anew from the
 * snapshot that it wrote.
 * @param machine of the version that the actor had after this event
 */
export function replay(machine: ActorMachine, state: LiveState | null, event: ActorEvent): MachineStep {
  const migration = migrationOfEvent(event);
  if (migration) return machine.rehydrate(migration.snapshot);
  return state ? machine.step(state, event) : machine.start(inputOf(event));
}

/** What an actor was started with. @throws RehydrationError for any other event than the first of a log */
function inputOf(event: ActorEvent): Json {
  if (event.type !== 'xstate.init') throw new RehydrationError(`a log starts with ${event.type}`);
  return event['input'] ?? null;
}

function rehydrate(machine: AnyStateMachine, stored: PersistedSnapshot): LiveState {
  const historyValue: Record<string, AnyStateNode[]> = {};
  let state: LiveState;
  try {
    for (const [id, nodes] of Object.entries(stored.historyValue ?? {}))
      historyValue[id] = nodes.map((node) => machine.getStateNodeById(node));
    state = machine.resolveState({
      value: stored.value as StateValue,
      context: stored.context,
      status: stored.status,
      historyValue,
      ...('output' in stored ? { output: stored.output } : {}),
      ...('error' in stored ? { error: stored.error } : {}),
    });
  } catch (error) {
    throw new RehydrationError(`the snapshot does not fit: ${messageOf(error)}`, { cause: error });
  }
  if (stored.status === 'error' || state.status !== stored.status || !isDeepStrictEqual(state.value, stored.value))
    throw new RehydrationError(`stored as ${JSON.stringify(stored.value)}, restored as ${JSON.stringify(state.value)}`);
  return state;
}

interface EmittedAction {
  readonly type: string;
  readonly params: unknown;
}

function toStep(known: ReadonlySet<string>, state: LiveState, emitted: readonly EmittedAction[]): MachineStep {
  if (state.status === 'error') throw new Error(`the machine failed: ${messageOf(state.error)}`);
  const nodes = state._nodes as readonly AnyStateNode[];
  const invokes = new Map(
    nodes.flatMap((node) =>
      node.invoke.map((invoke) => [invoke.id, typeof invoke.src === 'string' ? invoke.src : ''] as const),
    ),
  );
  return {
    state,
    snapshot: toPersisted(state),
    view: { path: pathOf(state.value), tags: [...state.tags].sort(), meta: mergedMeta(nodes) },
    actions: emitted.flatMap((action) => toAction(action, nodes, known)),
    invokes,
  };
}

function toPersisted(state: LiveState): PersistedSnapshot {
  const history = Object.entries(state.historyValue as Record<string, AnyStateNode[]>);
  return {
    status: state.status === 'done' ? 'done' : 'active',
    value: plainJson(state.value),
    context: plainJson(state.context),
    ...(history.length > 0
      ? { historyValue: Object.fromEntries(history.map(([id, on]) => [id, on.map((n) => n.id)])) }
      : {}),
    ...(state.output === undefined ? {} : { output: plainJson(state.output) }),
  };
}

function toAction(action: EmittedAction, nodes: readonly AnyStateNode[], known: ReadonlySet<string>): MachineAction[] {
  const params = isRecord(action.params) ? action.params : {};
  switch (action.type) {
    case 'xstate.spawnChild': {
      const { id, src } = params;
      if (typeof id !== 'string' || typeof src !== 'string') throw new Error('invoke effects by name');
      if (!known.has(id)) throw new Error(`${src} is spawned by an action: invoke it`);
      const owner = nodes.find((node) => node.invoke.some((invoke) => invoke.id === id));
      const timeoutMs: unknown = isRecord(owner?.meta) ? owner.meta['timeoutMs'] : undefined;
      return [
        {
          type: 'arm',
          invoke: id,
          src,
          input: plainJson(params['input'] ?? null),
          timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : defaultTimeoutMs,
        },
      ];
    }
    // Stopping an effect that was armed before this step carries no reference: `invokes` tells that one.
    case 'xstate.stopChild':
      return typeof params['id'] === 'string' ? [{ type: 'disarm', invoke: params['id'] }] : [];
    case 'xstate.raise': {
      // Without a delay XState has already taken the event in this very step.
      if (typeof params['delay'] !== 'number') return [];
      const event = toEvent(params['event']);
      return [
        {
          type: 'setTimer',
          id: typeof params['id'] === 'string' ? params['id'] : event.type,
          event,
          delayMs: params['delay'],
        },
      ];
    }
    case 'xstate.cancel':
      return [{ type: 'cancelTimer', id: String(params['sendId']) }];
    case 'tell': {
      const { machine, id } = params;
      if (typeof machine !== 'string' || typeof id !== 'string') throw new Error('tell needs a machine and an id');
      assertActorId(id);
      return [{ type: 'tell', machine, id, event: toEvent(params['event']) }];
    }
    case 'xstate.assign':
    case 'xstate.enqueueActions':
    case 'xstate.log':
      return [];
    default:
      throw new Error(`a durable machine cannot run the action ${action.type}: use effects, timers and tell`);
  }
}

/** `a.b` for nested states, `(a)|(b)` for parallel ones, by name: what is stored as JSON forgets the order of keys. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return '';
  const parts = Object.entries(value).map(([key, inner]) => {
    const rest = pathOf(inner);
    return rest === '' ? key : `${key}.${rest}`;
  });
  parts.sort();
  return parts.length > 1 ? parts.map((part) => `(${part})`).join('|') : (parts[0] ?? '');
}

/** Deeper states win. */
function mergedMeta(nodes: readonly AnyStateNode[]): { readonly [key: string]: Json } {
  const byDepth = [...nodes].sort((a, b) => a.path.length - b.path.length);
  return Object.assign({}, ...byDepth.map(ownMeta)) as { readonly [key: string]: Json };
}

/** A chart does not change: copied once, not at every step. */
const ownMetas = new WeakMap<AnyStateNode, { readonly [key: string]: Json }>();

function ownMeta(node: AnyStateNode): { readonly [key: string]: Json } {
  const known = ownMetas.get(node);
  if (known) return known;
  const meta: unknown = node.meta;
  const own = isRecord(meta)
    ? Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, plainJson(value)]))
    : {};
  ownMetas.set(node, own);
  return own;
}

function toEvent(value: unknown): ActorEvent {
  const event = plainJson(value);
  if (!isEvent(event)) throw new Error('an event is JSON with a type');
  return event;
}

export function isEvent(value: Json | undefined): value is ActorEvent {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** A copy that is JSON for certain; functions become their name, so that structures can be hashed. */
function plainJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'function' ? `ƒ ${inner.name}` : inner,
  );
  return text === undefined ? null : (JSON.parse(text) as Json);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
