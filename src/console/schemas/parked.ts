/** What waits for a person, by cause. */
import { type Static, Type } from '@sinclair/typebox';
import { Cents, Currency, Instant, page } from '../../services/schemas.ts';
import { Count, Nullable, ParkedBy, strict, Text } from './parts.ts';

export const ParkedGroup = Type.Object({
  cause: Type.String({ description: 'Names the group' }),
  title: Type.String({ description: 'For people: the effect and the code it failed with, or the runtime’s reason' }),
  machine: Text,
  by: ParkedBy,
  state: Text,
  /** The trouble of the last attempt; null where the runtime parked it. */
  code: Nullable(Text),
  actors: Count,
  oldest_at: Instant,
  newest_at: Instant,
  /** What the actors of this group accept (of the oldest one). */
  accepts: Type.Array(Text),
  /** What is at stake: totals of the orders among them. */
  totals: Type.Array(Type.Object({ currency: Currency, total_cents: Type.Integer() })),
});
export const ParkedGroups = Type.Object({
  groups: Type.Array(ParkedGroup, { description: 'Biggest first; at most 100' }),
  actors: Count,
});

export const ParkedQuery = Type.Object(
  {
    cause: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
    cursor: Type.Optional(Type.String({ maxLength: 130, pattern: '^[0-9]{1,14}_[A-Za-z0-9][A-Za-z0-9._:-]*$' })),
  },
  strict,
);
export const ParkedActor = Type.Object({
  id: Text,
  machine: Text,
  state: Text,
  cause: Text,
  title: Text,
  by: ParkedBy,
  reason: Text,
  code: Nullable(Text),
  since: Instant,
  accepts: Type.Array(Text),
  /** Of an order. */
  order: Nullable(Type.Object({ total_cents: Cents, currency: Currency, captured_cents: Cents })),
});
export const ParkedActors = page(ParkedActor);

const Reason = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' });
/** RETRY to all of a group, or to those named. */
export const RetryBody = Type.Object(
  {
    cause: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    ids: Type.Optional(
      Type.Array(Type.String({ maxLength: 100, pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]*$' }), {
        minItems: 1,
        maxItems: 500,
      }),
    ),
    by: Reason,
    why: Reason,
  },
  strict,
);
/** At most 500 at a time: ask again while `left` is not 0. */
export const Retried = Type.Object({
  applied: Count,
  refused: Type.Array(Type.Object({ id: Text, state: Nullable(Text), accepts: Type.Array(Text) })),
  left: Type.Integer({ minimum: 0, description: 'Of the group, parked before this request, and not tried yet' }),
});

export type ParkedGroup = Static<typeof ParkedGroup>;
export type ParkedGroups = Static<typeof ParkedGroups>;
export type ParkedActor = Static<typeof ParkedActor>;
export type ParkedActors = Static<typeof ParkedActors>;
export type RetryBody = Static<typeof RetryBody>;
export type Retried = Static<typeof Retried>;
