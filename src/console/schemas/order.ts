/** One order with all that belongs to it, its log, and what-ifs. */
import { type Static, Type } from '@sinclair/typebox';
import { OrderDetails } from '../../services/ledger/schemas.ts';
import { Cents, Currency, Instant, Uuid } from '../../services/schemas.ts';
import { SimulationBody } from '../../what-if/simulation-body.ts';
import { AnyJson, Change, Count, Ms, Nullable, OneOf, ParkedBy, Status, strict, Text } from './parts.ts';

const Timer = Type.Object({ id: Text, due_at: Instant });
const PendingEffect = Type.Object({
  id: Text,
  invoke: Text,
  effect: Text,
  /** The idempotency key, the same at every attempt. */
  key: Text,
  claims: Count,
  token: Count,
  timeout_ms: Ms,
  lease_until: Nullable(Instant),
});
const Message = Type.Object({
  id: Text,
  sender_id: Text,
  target_id: Type.String({ description: 'The order, or the actor that tells its customer' }),
  event: Text,
  deliver_at: Instant,
  due_at: Instant,
  redeliveries: Count,
});
const GatewayPayment = Type.Object({
  authorization_id: Uuid,
  status: Text,
  currency: Currency,
  amount_cents: Cents,
  authorized_cents: Cents,
  captured_cents: Cents,
  voided_cents: Cents,
  refunded_cents: Cents,
  expired_cents: Cents,
  decline_code: Nullable(Text),
  created_at: Instant,
  updated_at: Instant,
});
const Action = Type.Object({
  type: Type.String({ description: 'CANCEL, RETRY, RESOLVE, …' }),
  /** What it takes: CANCEL and RETRY nothing, RESOLVE a settlement. */
  needs_settlement: Type.Boolean(),
});
const Operation = Type.Object({ id: Text, event: Text, by: Text, why: Text, at: Instant, settlement: AnyJson });
const StockLine = Type.Object({
  product_id: Uuid,
  name: Nullable(Text),
  sku: Nullable(Text),
  quantity: Type.Integer(),
  sold: Type.Boolean({ description: 'Its movement out of stock is on record' }),
  on_hand: Nullable(Type.Integer()),
  reserved: Nullable(Type.Integer({ description: 'Of this product, by all orders' })),
});

/** Everything about one order but its log. */
export const OrderFile = Type.Object({
  order: OrderDetails,
  /** Null once the history was dropped. */
  actor: Nullable(
    Type.Object({
      machine: Text,
      version: Text,
      /** Whether this process runs that version, and so can tell what comes next. */
      is_known: Type.Boolean(),
      revision: Type.Integer(),
      state: Text,
      tags: Type.Array(Text),
      context: AnyJson,
      parked: Nullable(Type.Object({ by: ParkedBy, reason: Text, cause: Text, title: Text, since: Instant })),
      timers: Type.Array(Timer),
      effects: Type.Array(PendingEffect),
      trace_id: Nullable(Text),
    }),
  ),
  /** When the outbox looks at it next; null when nothing will happen by itself. */
  wake: Nullable(Type.Object({ due_at: Instant, redeliveries: Count })),
  messages: Type.Array(Message),
  actions: Type.Array(Action, { description: 'What a person may do now' }),
  /** What may come next, as a what-if takes it: events, outcomes, timers. */
  possible: Type.Array(Text),
  gateway: Type.Object({
    is_reachable: Type.Boolean(),
    payment: Nullable(GatewayPayment),
    /** Sums that differ between our record and the gateway's, by field. While a payment call is under way they may. */
    differs: Type.Array(Text),
  }),
  stock: Type.Object({
    reservation: Nullable(OneOf(['held', 'refused', 'released', 'sold'])),
    lines: Type.Array(StockLine),
  }),
  purchase_order: Nullable(OneOf(['created', 'confirmed', 'cancelled'])),
  findings: Type.Array(
    Type.Object({ id: Type.Integer(), kind: Text, state: Text, first_seen_at: Instant, why: Nullable(Text) }),
    { description: 'Of reconciliation' },
  ),
  operations: Type.Array(Operation, { description: 'Who did what, and why; newest first' }),
  /** The actor that tells the customer how the order ended. */
  notice: Nullable(Type.Object({ actor_id: Text, state: Text, ended: Type.Boolean() })),
});

/** One transition. What no registered version can replay has null for what only a replay tells. */
export const LogEntry = Type.Object({
  revision: Type.Integer(),
  version: Text,
  event: Type.String({ description: 'Its type as the machine has it' }),
  /** The event in short, as what-ifs spell it: `CANCEL`, `capture refused`, `timer backoff`. */
  label: Text,
  payload: AnyJson,
  outcome: Nullable(OneOf(['done', 'refused', 'failed', 'unknown'])),
  from: Nullable(Text),
  to: Text,
  status: Nullable(Status),
  at: Instant,
  /** Since the transition before. */
  after_ms: Ms,
  changes: Type.Array(Change),
  context: AnyJson,
  /** What it armed. */
  armed: Type.Array(Type.Object({ id: Text, effect: Text, key: Text })),
  /** Which effect it settled, and under which token a remote one. */
  settled: Nullable(Type.Object({ effect: Text, effect_id: Nullable(Text), token: Nullable(Count) })),
  /** Attempts of the step after this transition. */
  attempts: Nullable(Count),
  commit_id: Uuid,
  trace_id: Nullable(Text),
  operation: Nullable(Type.Object({ by: Text, why: Text })),
});

export const LogQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Revision; default 0' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 500' })),
  },
  strict,
);
export const OrderLog = Type.Object({
  machine: Text,
  items: Type.Array(LogEntry),
  next_after: Type.Optional(Type.Integer({ description: '`after` of the next page; absent on the last' })),
  dropped_at: Type.Optional(Instant),
});

export const FailingTestQuery = Type.Object(
  {
    revision: Type.Optional(Type.Integer({ minimum: 1, description: 'Up to here; default: all' })),
    expected: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: '^[\\w.()|-]+$',
        description: 'Where it should have led; default: completed',
      }),
    ),
  },
  strict,
);

export const FailingTest = {
  description: 'A test of the machine, as TypeScript',
  content: { 'text/plain': { schema: Type.String() } },
};

/** Forks the order as it stood at a revision and simulates; nothing is sent, written or called. */
export const WhatIfBody = Type.Object(
  {
    revision: Type.Optional(Type.Integer({ minimum: 1, description: 'Default: as it is now' })),
    then: Type.Array(Type.String({ minLength: 1, maxLength: 2_000 }), {
      maxItems: 50,
      description: 'One input each: events, outcomes of effects, `timer <delay>`, `wait <duration>`, `happy`',
    }),
  },
  strict,
);
export const WhatIf = SimulationBody;

export type OrderFile = Static<typeof OrderFile>;
export type LogEntry = Static<typeof LogEntry>;
export type OrderLog = Static<typeof OrderLog>;
export type WhatIfBody = Static<typeof WhatIfBody>;
export type WhatIf = Static<typeof WhatIf>;
