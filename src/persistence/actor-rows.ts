/** How actors, transitions and messages look as rows. */
import { Type, type Static } from '@sinclair/typebox';
import type { ActorRow, Json, Message, TransitionRecord } from '../actors/index.ts';
import { pathOf } from '../actors/index.ts';
import { row } from './sql.ts';

const Text = Type.String();
const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableNumber = Type.Union([Type.Number(), Type.Null()]);
const Event = Type.Unsafe<TransitionRecord['event']>(Type.Object({ type: Type.String() }));

const Actor = Type.Object({
  id: Text,
  machine: Text,
  version: Text,
  structure_hash: Text,
  revision: Type.Integer(),
  status: Type.Union([Type.Literal('active'), Type.Literal('done')]),
  // Whether these fit is for the runtime to find out: it parks an actor that does not, where a throw here would stop
  // the whole batch.
  snapshot: Type.Unsafe<Json>(Type.Unknown()),
  timers: Type.Unsafe<ActorRow['timers']>(Type.Unknown()),
  effects: Type.Unsafe<ActorRow['effects']>(Type.Unknown()),
  parked_by: Type.Union([Type.Literal('machine'), Type.Literal('runtime'), Type.Null()]),
  park_reason: NullableText,
  traceparent: NullableText,
  started_ms: Type.Number(),
  entered_ms: Type.Number(),
});

export const actorRow = row(Actor);

export function asActor(found: Static<typeof Actor>): ActorRow {
  const snapshot = asSnapshot(found);
  return {
    id: found.id,
    machine: found.machine,
    version: found.version,
    structureHash: found.structure_hash,
    revision: found.revision,
    path: pathOf(snapshot.value),
    snapshot,
    timers: found.timers,
    effects: found.effects,
    parked: found.parked_by === null ? null : { by: found.parked_by, reason: found.park_reason ?? '' },
    traceparent: found.traceparent,
    startedAtMs: found.started_ms,
    enteredAtMs: found.entered_ms,
  };
}

/** What is no snapshot becomes one that fits no machine, and keeps what was found. */
function asSnapshot({ status, snapshot }: Static<typeof Actor>): ActorRow['snapshot'] {
  return isSnapshot(snapshot) ? snapshot : { status, value: null, context: snapshot };
}

function isSnapshot(stored: unknown): stored is ActorRow['snapshot'] {
  if (typeof stored !== 'object' || stored === null || !('status' in stored) || !('value' in stored)) return false;
  return stored.status === 'active' || stored.status === 'done';
}

const Transition = Type.Object({
  actor_id: Text,
  revision: Type.Integer(),
  event: Event,
  from_state: NullableText,
  to_state: Text,
  armed: Type.Unsafe<TransitionRecord['armed']>(Type.Array(Type.Object({ id: Type.String() }))),
  settled_effect: NullableText,
  settled_token: NullableNumber,
  commit_id: Text,
  at_ms: Type.Number(),
  traceparent: NullableText,
});

export const transitionRow = row(Transition);

export function asTransition(found: Static<typeof Transition>): TransitionRecord {
  return {
    actorId: found.actor_id,
    revision: found.revision,
    event: found.event,
    from: found.from_state,
    to: found.to_state,
    armed: found.armed,
    settled:
      found.settled_effect === null || found.settled_token === null
        ? null
        : { effectId: found.settled_effect, token: found.settled_token },
    commitId: found.commit_id,
    atMs: found.at_ms,
    traceparent: found.traceparent,
  };
}

const Look = Type.Object({
  now_ms: Type.Number(),
  target_id: NullableText,
  /** Null for `infinity`, too: nothing but a message or an event moves that actor. */
  due_ms: NullableNumber,
  /** Null: it has no wake row. */
  redeliveries: NullableNumber,
  id: NullableText,
  sender_id: NullableText,
  target_machine: NullableText,
  event: Type.Union([Event, Type.Null()]),
  traceparent: NullableText,
});

/** An actor's wake row and its next message, as far as it has them. */
export const lookRow = row(Look);

/** @returns null: none is due for it */
export function asMessage(found: Static<typeof Look>): Message | null {
  const { id, sender_id, target_id, target_machine, event, traceparent } = found;
  if (id === null || sender_id === null || target_id === null || target_machine === null || event === null) return null;
  return { id, senderId: sender_id, targetId: target_id, targetMachine: target_machine, event, traceparent };
}
