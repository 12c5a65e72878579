/** Given–when–then for machines: drives one over XState's pure transition and shows what the runtime would have to do. */
import { deepStrictEqual } from 'node:assert';
import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  type EventFromLogic,
  initialTransition,
  type InputFrom,
  transition,
} from 'xstate';
import type { Uncertain } from '../../src/machines/effects.ts';
import type { Tell } from '../../src/machines/tell.ts';

/** An actor after its last transition. `armed`, `told` are of that transition alone; `pending`, `timers` still stand. */
export interface Saga<Context, Event extends AnyEventObject> {
  readonly path: string;
  readonly context: Context;
  readonly tags: readonly string[];
  /** `meta` of all active states, the deepest winning. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly isFinal: boolean;
  readonly armed: readonly ArmedEffect[];
  readonly told: readonly Tell[];
  /** Invoke ids of the effects whose outcome is awaited. */
  readonly pending: readonly string[];
  readonly timers: readonly SagaTimer[];
  accepts(event: Event): boolean;
  /** @throws if the state does not accept the event: a test must not pass because nothing happened */
  when(...events: readonly Event[]): Saga<Context, Event>;
  /** Lets the timer of this delay fire. */
  whenDue(delay: string): Saga<Context, Event>;
}

export interface ArmedEffect {
  readonly id: string;
  readonly src: string;
  readonly input: unknown;
}

export interface SagaTimer {
  readonly id: string;
  /** The delay's name. */
  readonly name: string;
  readonly delayMs: number;
}

type TimerWithEvent = SagaTimer & { readonly event: AnyEventObject };
type Action = { readonly type: string; readonly params?: unknown };

export function startSaga<Machine extends AnyStateMachine>(
  machine: Machine,
  input: InputFrom<Machine>,
): Saga<ContextFrom<Machine>, EventFromLogic<Machine>> {
  const logic: AnyStateMachine = machine;
  const [snapshot, actions] = initialTransition(logic, input);
  return saga(machine, snapshot, actions, []);
}

function saga<Context, Event extends AnyEventObject>(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  actions: readonly Action[],
  timersBefore: readonly TimerWithEvent[],
): Saga<Context, Event> {
  deepStrictEqual(JSON.parse(JSON.stringify(snapshot.context)), snapshot.context, 'the context is not plain JSON');
  const timers = snapshot.status === 'active' ? timersAfter(timersBefore, actions) : [];
  const apply = (event: AnyEventObject, timersLeft: readonly TimerWithEvent[]): Saga<Context, Event> => {
    if (!snapshot.can(event)) throw new Error(`${pathOf(snapshot.value)} does not accept ${event.type}`);
    const [next, nextActions] = transition(machine, rehydrated(machine, snapshot), event);
    return saga(machine, next, nextActions, timersLeft);
  };
  const self: Saga<Context, Event> = {
    path: pathOf(snapshot.value),
    context: snapshot.context,
    tags: [...snapshot.tags].sort(),
    meta: mergedMeta(snapshot),
    isFinal: snapshot.status === 'done',
    armed: actions.flatMap(armedBy),
    told: actions.flatMap((action) => (action.type === 'tell' ? [action.params as Tell] : [])),
    pending: nodesOf(snapshot).flatMap((node) => node.invoke.map(({ id }) => id)),
    timers: timers.map(({ id, name, delayMs }) => ({ id, name, delayMs })),
    accepts: (event) => snapshot.can(event),
    when: (...events) => events.reduce((state, event, i) => (i === 0 ? apply(event, timers) : state.when(event)), self),
    whenDue: (delay) => {
      const due = timers.find(({ name }) => name === delay);
      if (!due) throw new Error(`${pathOf(snapshot.value)} waits for no ${delay}`);
      const left = timers.filter((timer) => timer !== due);
      return apply(due.event, left);
    },
  };
  return self;
}

/** As the runtime does it: nothing but the state's value and the context survives between two events. */
function rehydrated(machine: AnyStateMachine, snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  return machine.resolveState(structuredClone({ value: snapshot.value, context: snapshot.context }));
}

function timersAfter(before: readonly TimerWithEvent[], actions: readonly Action[]): readonly TimerWithEvent[] {
  let timers = [...before];
  for (const action of actions) {
    switch (action.type) {
      case 'xstate.raise': {
        const { id, delay, event } = action.params as {
          id: string;
          delay: number | undefined;
          event: AnyEventObject;
        };
        if (delay === undefined) break;
        timers.push({ id, name: id.split('.')[2] ?? id, delayMs: delay, event });
        break;
      }
      case 'xstate.cancel': {
        const { sendId } = action.params as { sendId: string };
        timers = timers.filter(({ id }) => id !== sendId);
        break;
      }
      case 'xstate.spawnChild':
      case 'xstate.stopChild':
      case 'tell':
        break;
      default:
        throw new Error(`the runtime does not know the action ${action.type}`);
    }
  }
  return timers;
}

function armedBy(action: Action): readonly ArmedEffect[] {
  if (action.type !== 'xstate.spawnChild') return [];
  const { id, src, input } = action.params as ArmedEffect;
  return [{ id, src, input }];
}

function pathOf(value: AnyMachineSnapshot['value']): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([key, child]) => (child === undefined ? key : `${key}.${pathOf(child)}`))
    .join('|');
}

function nodesOf(snapshot: AnyMachineSnapshot) {
  return [...snapshot._nodes].sort((a, b) => a.path.length - b.path.length);
}

function mergedMeta(snapshot: AnyMachineSnapshot): Record<string, unknown> {
  return Object.assign({}, ...nodesOf(snapshot).map(({ meta }) => meta ?? {}));
}

// ── Outcomes, as the runtime's adapter delivers them: the only other place that spells XState's event types ──────────

export function done<const Id extends string, const Value extends object>(id: Id, value: Value) {
  return { type: `xstate.done.actor.${id}`, output: { type: 'done', ...value }, actorId: id } as const;
}

export function refused<const Id extends string, const Value extends object>(id: Id, value: Value) {
  return { type: `xstate.done.actor.${id}`, output: { type: 'refused', ...value }, actorId: id } as const;
}

/** `failed` or `unknown`; `random` decides the wait that follows. */
export function uncertain<const Id extends string>(
  id: Id,
  type: 'failed' | 'unknown',
  { code = 'unavailable', random = 0.5 }: { code?: string; random?: number } = {},
): UncertainEvent<Id> {
  const error = { type, code, message: 'as the handler put it', random };
  return { type: `xstate.error.actor.${id}`, error, actorId: id } as UncertainEvent<Id>;
}

/** Distributes over a union of ids, as the machines' event types do. */
type UncertainEvent<Id extends string> = Id extends string
  ? { readonly type: `xstate.error.actor.${Id}`; readonly error: Uncertain; readonly actorId: Id }
  : never;
