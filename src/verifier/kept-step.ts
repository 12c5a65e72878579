/** One step of an actor as a kept history holds it: how it was moved, and all that the runtime then stores and does. */
import {
  type ActorEvent,
  type ActorMachine,
  type ActorRow,
  type Cause,
  delayOf,
  dryStart,
  dryStep,
  type DryStep,
  initEvent,
  type Json,
  jsonDifference,
  outcomeOfEvent,
} from '../actors/index.ts';

/** Whatever is left out did not change. */
export interface KeptStep {
  readonly event: ActorEvent;
  /** The state's path. */
  readonly to: string;
  /** Left out while the actor is active. */
  readonly status?: 'done';
  /** What changed in the context, by JSON Pointer. */
  readonly context?: Readonly<Record<string, Json>>;
  /** Pointers to what is no longer in the context. */
  readonly gone?: readonly string[];
  /** What history states remember, if that changed. */
  readonly remembered?: Json;
  readonly output?: Json;
  /** Effects that it asks for, by invoke. */
  readonly armed?: Readonly<Record<string, Json>>;
  /** Invokes of effects that are no longer pending, though the step was not their outcome. */
  readonly left?: readonly string[];
  /** Timers that it sets, by id: after how many milliseconds which event comes. */
  readonly timers?: Readonly<Record<string, Json>>;
  readonly cancelled?: readonly string[];
  readonly told?: readonly Json[];
  /** Which of the offered events it would accept next. */
  readonly accepts?: readonly string[];
}

/** Events that are offered after every step, by name. */
export type Offered = Readonly<Record<string, ActorEvent>>;

/** An actor that is moved through a history, one event after the other. */
export interface Mover {
  /** @throws when the event cannot come to the actor as it stands, and whatever a guard or an assign throws */
  move(event: ActorEvent): KeptStep;
}

const actorId = 'kept';
/** Between two steps, so that a timer that is set anew never looks like the one before. */
const stepMs = 10 ** 11;

export function mover(machine: ActorMachine, offered: Offered): Mover {
  let row: ActorRow | null = null;
  return {
    move(event) {
      const before = row;
      const nowMs = (before?.revision ?? 0) * stepMs;
      const cause = before ? causeOf(machine, before, event) : null;
      const moved =
        before && cause ? dryStep(machine, before, cause, nowMs) : dryStart(machine, actorId, inputOf(event), nowMs);
      ({ row } = moved);
      const accepts = Object.entries(offered).flatMap(([name, offer]) => answer(machine, moved, name, offer));
      return keptStep(before, moved, cause, nowMs, accepts);
    },
  };
}

/** The event's name if it would be accepted; what a guard throws is kept as well. */
function answer(machine: ActorMachine, { step }: DryStep, name: string, offer: ActorEvent): readonly string[] {
  try {
    return machine.accepts(step.state, offer) ? [name] : [];
  } catch (error) {
    return [`${name} throws ${error instanceof Error ? error.message : String(error)}`];
  }
}

function inputOf(event: ActorEvent): Json {
  if (!('input' in event)) throw new Error(`a history starts with ${eventLabel(event)}`);
  return event['input'] ?? null;
}

/** How an event comes to an actor. */
function causeOf(machine: ActorMachine, row: ActorRow, event: ActorEvent): Cause {
  const outcome = outcomeOfEvent(event);
  if (outcome) {
    const settled = row.effects.find(({ invoke }) => invoke === outcome.invoke);
    if (!settled) throw new Error(`${outcome.invoke} is not pending`);
    return { event, settled, remote: true };
  }
  if (!machine.accepts(machine.rehydrate(row.snapshot).state, event))
    throw new Error(`${row.path} does not accept ${eventLabel(event)}`);
  const timer = row.timers.find((armed) => jsonDifference(armed.event, event).length === 0);
  return timer ? { event, timer } : { event };
}

function keptStep(
  before: ActorRow | null,
  { row, record, messages }: DryStep,
  cause: Cause | null,
  nowMs: number,
  accepts: readonly string[],
): KeptStep {
  const changes = jsonDifference(before?.snapshot.context ?? {}, row.snapshot.context);
  const known = new Map(before?.timers.map(({ id, dueAtMs }) => [id, dueAtMs]));
  const timers = row.timers
    .filter(({ id, dueAtMs }) => known.get(id) !== dueAtMs)
    .map(({ id, event, dueAtMs }): [string, Json] => {
      const afterMs = dueAtMs - nowMs;
      return [id, event.type === id ? afterMs : { afterMs, event }];
    });
  const armed = row.effects
    .filter(({ id }) => record.armed.some((it) => it.id === id))
    .map(({ invoke, src, input, timeoutMs }): [string, Json] => [invoke, { src, input, timeoutMs }]);
  const isGone =
    <T extends { readonly id: string }>(now: readonly T[], except: T | undefined) =>
    (then: T): boolean =>
      then.id !== except?.id && !now.some(({ id }) => id === then.id);
  return {
    event: record.event,
    to: row.path,
    ...(row.snapshot.status === 'done' ? { status: 'done' } : {}),
    ...('output' in row.snapshot ? { output: row.snapshot.output } : {}),
    ...remembered(before, row),
    ...unlessEmpty({
      context: Object.fromEntries(changes.flatMap(({ path, after }) => (after === undefined ? [] : [[path, after]]))),
      gone: changes.flatMap(({ path, after }) => (after === undefined ? [path] : [])),
      armed: Object.fromEntries(armed),
      left: (before?.effects ?? []).filter(isGone(row.effects, cause?.settled)).map(({ invoke }) => invoke),
      timers: Object.fromEntries(timers),
      cancelled: (before?.timers ?? []).filter(isGone(row.timers, cause?.timer)).map(({ id }) => id),
      told: messages.map(({ targetMachine, targetId, event }) => ({ machine: targetMachine, id: targetId, event })),
      accepts,
    }),
  };
}

function remembered(before: ActorRow | null, { snapshot }: ActorRow): Pick<KeptStep, 'remembered'> {
  const then = before?.snapshot.historyValue ?? {};
  const now = snapshot.historyValue ?? {};
  return jsonDifference(then, now).length === 0 ? {} : { remembered: now };
}

function unlessEmpty<Fields extends Readonly<Record<string, object>>>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => Object.keys(value).length > 0),
  ) as Partial<Fields>;
}

/** An event as people read it, without its payload: `capture → refused`, `timer backoff`, `CANCEL`. */
export function eventLabel(event: ActorEvent): string {
  if (event.type === initEvent(null).type) return 'start';
  const outcome = outcomeOfEvent(event);
  if (outcome) return `${outcome.invoke} → ${outcome.outcome}`;
  const delay = delayOf(event.type);
  return delay === event.type ? event.type : `timer ${delay}`;
}
