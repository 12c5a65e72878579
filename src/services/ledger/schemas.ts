/** What the edge's HTTP API takes and answers. */
import { Type } from '@sinclair/typebox';
import { Cents, Currency, IdempotencyKey, Instant, page, Quantity, Uuid } from '../schemas.ts';
import { type Order, type OrderStatus, orderStatuses } from './entry.ts';

const strict = { additionalProperties: false };
const Nullable = <S extends ReturnType<typeof Type.String>>(schema: S) => Type.Union([schema, Type.Null()]);
const Status = Type.Unsafe<OrderStatus>({ type: 'string', enum: [...orderStatuses] });
const Revision = Type.Integer({ minimum: 1 });

export const OrderParams = Type.Object({ id: Uuid });

export const PlaceOrderHeaders = Type.Object({ 'idempotency-key': IdempotencyKey });
export const PlaceOrderBody = Type.Object(
  {
    user_id: Uuid,
    email: Type.String({ format: 'email', maxLength: 254 }),
    items: Type.Array(Type.Object({ product_id: Uuid, quantity: Quantity }, strict), {
      minItems: 1,
      maxItems: 100,
      description: 'A product named twice is summed.',
    }),
    payment: Type.Object(
      {
        method: Type.Literal('card'),
        token: Type.String({ minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]+$' }),
      },
      strict,
    ),
  },
  strict,
);

export const OrderReceived = Type.Object(
  { order_ledger_id: Uuid, status: Status, message: Type.String() },
  { description: 'Accepted for good. Every request with this key and body gets these bytes.' },
);

const PaymentView = Type.Object({
  status: Type.Union(
    ['none', 'declined', 'authorized', 'captured', 'voided', 'refunded', 'expired', 'settled'].map((s) =>
      Type.Literal(s),
    ),
  ),
  authorization_id: Nullable(Type.String()),
  decline_code: Nullable(Type.String()),
  authorized_cents: Cents,
  captured_cents: Cents,
  voided_cents: Cents,
  refunded_cents: Cents,
  expired_cents: Cents,
  settlement: Type.Union([Type.Object({ voided_cents: Cents, refunded_cents: Cents }), Type.Null()], {
    description: 'What a person settled outside the gateway; not part of the sums.',
  }),
});

export const OrderSummary = Type.Object({
  order_ledger_id: Uuid,
  order_id: Type.Union([Uuid, Type.Null()], { description: 'Null until the orders service has the order.' }),
  status: Status,
  revision: Revision,
  user_id: Uuid,
  items: Type.Array(Type.Object({ product_id: Uuid, quantity: Type.Integer(), unit_price_cents: Cents })),
  total_cents: Cents,
  currency: Currency,
  payment: PaymentView,
  order_state: Type.Unsafe<Order['orderState']>({
    type: 'string',
    enum: ['none', 'created', 'confirmed', 'cancelled'],
  }),
  reservation_state: Type.Unsafe<Order['reservationState']>({
    type: 'string',
    enum: ['none', 'reserved', 'released', 'sold'],
  }),
  failure: Type.Union([Type.Object({ code: Type.String(), detail: Type.Unknown() }), Type.Null()]),
  created_at: Instant,
  updated_at: Instant,
});
export const OrderPage = page(OrderSummary);

export const OrderDetails = Type.Object({
  ...OrderSummary.properties,
  allowed_actions: Type.Array(Type.String(), { description: 'What may be done with the order now, e.g. `cancel`.' }),
});

export const waitHeader = Type.Object({
  prefer: Type.Optional(
    Type.String({ description: '`wait=5`: answer once the order has ended, or after 5 s (at most 30).' }),
  ),
});

export const ListOrdersQuery = Type.Object(
  {
    status: Type.Optional(Status),
    user_id: Type.Optional(Uuid),
    product_id: Type.Optional(Uuid),
    created_after: Type.Optional(Type.String({ format: 'date-time', description: 'From this instant on' })),
    created_before: Type.Optional(Type.String({ format: 'date-time', description: 'Before this instant' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 20' })),
    cursor: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,14}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
        description: '`next_cursor` of the page before, with the same filters',
      }),
    ),
  },
  strict,
);

export const CancelAccepted = Type.Object({ order_ledger_id: Uuid, status: Status });

export const TransitionView = Type.Object({
  revision: Revision,
  event: Type.String({ description: 'Its type; what is inside is not shown.' }),
  outcome: Nullable(Type.String({ description: 'Of an effect: done, refused, failed or unknown.' })),
  from: Nullable(Type.String()),
  to: Type.String(),
  status: Type.Union([Status, Type.Null()]),
  effects: Type.Array(Type.String(), { description: 'What it asked participants to do.' }),
  at: Instant,
  trace_id: Nullable(Type.String()),
});

export const HistoryQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 100' })),
    cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$', description: '`next_cursor` of the page before' })),
  },
  strict,
);
export const HistoryPage = Type.Object({
  ...page(TransitionView).properties,
  dropped_at: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'The order ended so long ago that its transitions were dropped, at this instant.',
    }),
  ),
});

export const NotModified = Type.Null({ description: 'The client has this version.' });
export const NothingToCome = Type.Null({ description: 'The client has seen the last event.' });
/** Of `text/event-stream`; each event has a revision as its id and a transition as its data. */
export const EventStream = {
  description: 'Events named `transition`; the id is the revision, the data a transition as in the history',
  content: { 'text/event-stream': { schema: Type.String() } },
};
