/** Orders as they move. */
import { type Static, Type } from '@sinclair/typebox';
import { Cents, Currency, Instant, Uuid } from '../../services/schemas.ts';
import { Nullable, Status, Text } from './parts.ts';

/** What moved since the last event, at most twice a second. `has_more`: more moved than are named; look again. */
export const LiveOrders = Type.Object({
  at: Instant,
  has_more: Type.Boolean(),
  orders: Type.Array(
    Type.Object({
      id: Uuid,
      status: Status,
      state: Nullable(Text),
      revision: Type.Integer(),
      total_cents: Cents,
      currency: Currency,
      created_at: Instant,
      updated_at: Instant,
    }),
  ),
});

export type LiveOrders = Static<typeof LiveOrders>;
