/** A simulation as JSON, for the preview route and the command line. Pure. */
import { type Static, Type } from '@sinclair/typebox';
import {
  type Json,
  type NamedTimer,
  type PendingEffect,
  possibleInputs,
  type SimulatedStep,
  type SimulatedTransition,
  type Simulation,
} from '../actors/index.ts';
import { Instant } from '../services/schemas.ts';

const AnyJson = Type.Unsafe<Json>({});
const Names = Type.Array(Type.String());
const Timer = Type.Object({ id: Type.String(), delay: Type.String(), due_at: Instant });
const Effect = Type.Object({ id: Type.String(), effect: Type.String(), input: AnyJson });
const Told = Type.Object({ machine: Type.String(), id: Type.String(), event: AnyJson });
const Change = Type.Object({
  path: Type.String({ description: 'JSON Pointer into the context' }),
  before: Type.Optional(AnyJson),
  after: Type.Optional(AnyJson),
});

/** What a transition would do. */
const Transition = Type.Object({
  event: AnyJson,
  revision: Type.Integer(),
  from: Type.String(),
  to: Type.String(),
  status: Type.Union([Type.String(), Type.Null()]),
  tags: Names,
  effects_armed: Type.Array(Effect),
  effects_left: Type.Array(Effect),
  timers_set: Type.Array(Timer),
  timers_cancelled: Type.Array(Timer),
  told: Type.Array(Told),
  changes: Type.Array(Change),
});
const Step = Type.Object({
  input: Type.Integer({ description: 'Which input brought it; 0 is the first' }),
  text: Type.String({ examples: ['CANCEL', 'capture refused', 'timer backoff'] }),
  type: Type.Unsafe<SimulatedStep['type']>(
    Type.String({ enum: ['transition', 'unparked', 'parked', 'refused', 'impossible'] }),
  ),
  at: Instant,
  transition: Type.Optional(Transition),
  reason: Type.Optional(Type.String()),
  possible: Type.Optional(Names),
});
export const SimulationBody = Type.Object({
  id: Type.String(),
  machine: Type.String(),
  version: Type.String(),
  revision: Type.Integer({ description: 'The revision that was forked' }),
  at: Type.String({ format: 'date-time', description: 'Where the virtual clock starts' }),
  steps: Type.Array(Step),
  end: Type.Object({
    revision: Type.Integer(),
    state: Type.String(),
    status: Type.Union([Type.String(), Type.Null()]),
    tags: Names,
    snapshot: AnyJson,
    timers: Type.Array(Timer),
    effects: Type.Array(Effect),
    parked: Type.Union([Type.Object({ by: Type.String(), reason: Type.String() }), Type.Null()]),
    accepts: Names,
    possible: Type.Array(Type.String(), { description: 'What may be written in `then` to go on' }),
    at: Instant,
  }),
  stopped: Type.Union([Type.String({ enum: ['impossible', 'too many steps'] }), Type.Null()], {
    description: 'Inputs were left: one could not be brought at all, or there were too many steps',
  }),
});

export function simulationBody({ start, steps, end, stopped }: Simulation): Static<typeof SimulationBody> {
  const { row: fork } = start;
  const { row, view, possible } = end;
  const { status, value, context } = row.snapshot;
  return {
    id: fork.id,
    machine: fork.machine,
    version: fork.version,
    revision: fork.revision,
    at: instant(start.atMs),
    steps: steps.map(stepBody),
    end: {
      revision: row.revision,
      state: row.path,
      status: statusOf(view),
      tags: [...(view?.tags ?? [])],
      snapshot: { status, value, context },
      timers: possible.timers.map(timerBody),
      effects: row.effects.map(effectBody),
      parked: row.parked,
      accepts: [...possible.events],
      possible: possibleInputs(possible),
      at: instant(end.atMs),
    },
    stopped,
  };
}

function stepBody(step: SimulatedStep): Static<typeof Step> {
  const head = { input: step.input, text: step.text, type: step.type, at: instant(step.atMs) };
  switch (step.type) {
    case 'transition':
      return { ...head, transition: transitionBody(step) };
    case 'unparked':
      return head;
    case 'parked':
      return { ...head, reason: step.reason };
    case 'refused':
    case 'impossible':
      return { ...head, reason: step.reason, possible: possibleInputs(step.possible) };
    default:
      return step satisfies never;
  }
}

function transitionBody(step: SimulatedTransition): Static<typeof Transition> {
  return {
    event: step.event,
    revision: step.revision,
    from: step.from,
    to: step.to.path,
    status: statusOf(step.to),
    tags: [...step.to.tags],
    effects_armed: step.armed.map(effectBody),
    effects_left: step.left.map(effectBody),
    timers_set: step.timersSet.map(timerBody),
    timers_cancelled: step.timersCancelled.map(timerBody),
    told: step.told.map(({ targetMachine, targetId, event }) => ({ machine: targetMachine, id: targetId, event })),
    changes: [...step.changes],
  };
}

/** The public status of a state, if its machine has any. */
function statusOf(view: SimulatedTransition['to'] | null): string | null {
  const status = view?.meta['status'];
  return typeof status === 'string' ? status : null;
}

const effectBody = ({ id, src, input }: PendingEffect) => ({ id, effect: src, input });
const timerBody = ({ id, delay, dueAtMs }: NamedTimer) => ({ id, delay, due_at: instant(dueAtMs) });
const instant = (ms: number): string => new Date(ms).toISOString();
