/** The search for orders. */
import { type Static, Type } from '@sinclair/typebox';
import { OrderSummary } from '../../services/ledger/schemas.ts';
import { Cents, Instant, page, Uuid } from '../../services/schemas.ts';
import { Count, Nullable, OneOf, ParkedBy, Status, strict, Text } from './parts.ts';

/**
 * `stuck`: under way and not parked, but not moved for two minutes. `retrying`: waits before another attempt.
 * `compensating`: on its way back. `needs_attention`: parked.
 */
export const orderViews = ['stuck', 'retrying', 'compensating', 'needs_attention'] as const;

export const OrderSearch = Type.Object(
  {
    view: Type.Optional(OneOf(orderViews)),
    status: Type.Optional(Status),
    user_id: Type.Optional(Uuid),
    product_id: Type.Optional(Uuid),
    created_after: Type.Optional(Type.String({ format: 'date-time', description: 'From this instant on' })),
    created_before: Type.Optional(Type.String({ format: 'date-time', description: 'Before this instant' })),
    min_cents: Type.Optional(Cents),
    max_cents: Type.Optional(Cents),
    parked_cause: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: '`cause` of a parked group' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 50' })),
    cursor: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,14}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
        description: '`next_cursor` of the page before, with the same filters',
      }),
    ),
  },
  strict,
);

/** A row of the list. */
export const FoundOrder = Type.Object({
  ...OrderSummary.properties,
  /** The saga's state path; null once its history was dropped. */
  state: Nullable(Text),
  /** Of the step it stands in; 0 while the first attempt runs. */
  attempts: Count,
  parked: Nullable(Type.Object({ by: ParkedBy, cause: Text, title: Text, since: Instant })),
});
export const FoundOrders = page(FoundOrder);

export type OrderView = (typeof orderViews)[number];
export type OrderSearch = Static<typeof OrderSearch>;
export type FoundOrder = Static<typeof FoundOrder>;
export type FoundOrders = Static<typeof FoundOrders>;
