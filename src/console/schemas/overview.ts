/** How the system is doing. */
import { type Static, Type } from '@sinclair/typebox';
import { Instant, Uuid } from '../../services/schemas.ts';
import { Count, Ms, Nullable, OneOf, Share, Status, Text } from './parts.ts';

/** One minute; `placed` by when they were placed, the rest by when they ended. */
const Minute = Type.Object({
  at: Type.String({ format: 'date-time', description: 'Its beginning' }),
  placed: Count,
  completed: Count,
  failed: Type.Integer({ minimum: 0, description: 'FAILED' }),
  cancelled: Count,
  declined: Type.Integer({ minimum: 0, description: 'AUTHORIZATION_FAILED' }),
});

const Process = Type.Object({
  id: Uuid,
  roles: Type.Array(Text),
  version: Text,
  host: Text,
  pid: Type.Integer(),
  /** Participants that it leaves alone just now, and how far: `open`, or `halfOpen` while one call tries. */
  breakers: Type.Record(Text, Text),
  started_at: Instant,
  seen_at: Instant,
});

export const Overview = Type.Object({
  at: Instant,
  /** 60 of them, oldest first; the last one is not over yet. */
  minutes: Type.Array(Minute),
  ended: Type.Object(
    {
      completed: Count,
      failed: Count,
      cancelled: Count,
      declined: Count,
      success_rate: Nullable(Share),
      time_to_completed_ms: Type.Object({ p50: Nullable(Ms), p95: Nullable(Ms) }),
    },
    { description: 'Orders that ended in these 60 minutes. Declined ones do not count against the success rate.' },
  ),
  unfinished: Type.Object({
    is_partial: Type.Boolean({ description: 'There are more than were counted' }),
    orders: Type.Array(Type.Object({ status: Status, orders: Count }), { description: 'Orders under way, by status' }),
    /** Orders that wait before another attempt, by the effect that is to be tried again. */
    retrying: Type.Array(Type.Object({ effect: Text, orders: Count })),
    compensating: Count,
    stuck: Count,
  }),
  parked: Type.Array(Type.Object({ cause: Text, title: Text, actors: Count })),
  due: Type.Object(
    {
      rows: Type.Integer({ minimum: 0, description: 'Wake rows and messages whose instant has passed' }),
      oldest_ms: Nullable(Ms),
    },
    { description: 'O2: nothing stays due for longer than 30 s while workers live' },
  ),
  queue: Type.Object({ backend: OneOf(['redis', 'postgres']), waiting: Nullable(Count) }),
  processes: Type.Array(Process, { description: 'Seen in the last 15 s' }),
  /** Every role that orders need, and how many processes fill it now. */
  roles: Type.Array(Type.Object({ role: Text, processes: Count })),
  reconciliation: Type.Object({
    open: Type.Array(Type.Object({ kind: Text, findings: Count })),
    /** Its searches: how many turns each has had, and when the next one begins. */
    searches: Type.Array(Type.Object({ name: Text, turns: Count, next_at: Nullable(Instant) })),
  }),
  /** The last audit that was kept; null before the first. */
  audit: Nullable(
    Type.Object({
      at: Instant,
      clean: Type.Boolean(),
      is_live: Type.Boolean(),
      actors: Count,
      transitions: Count,
      broken: Type.Array(Type.Object({ id: Text, promise: Text, findings: Count })),
      holds: Type.Integer({ minimum: 0, description: 'Invariants that hold' }),
    }),
  ),
});

export type Overview = Static<typeof Overview>;
