/**
 * The invariants that are one query each: every row a query returns is a finding. They read all schemas, which nothing
 * else may. On a system at work they hold at every instant, since each reads one snapshot of committed transactions.
 */
import { type QuerySqlToken } from 'slonik';
import { sql } from '../persistence/sql.ts';
import { unfinishedIds } from '../persistence/unfinished-actors.ts';

/**
 * Whole tables are read, each once per query: as sets, by hash or in order. A lookup per row takes days where there are
 * millions of rows.
 */
export interface Invariant {
  readonly id: string;
  readonly promise: string;
  readonly query: QuerySqlToken;
  /** Says something only while workers run. */
  readonly onlyLive?: boolean;
}

const q = sql.typeAlias('void');

/** The gateway's payment of each order: joined by the key we authorize under. */
const paymentOfEntry = sql.fragment`left join payments.payment p on p.authorize_key = e.id::text || ':payments.authorize'`;
/** What is left of an authorization, and what a person settled outside the gateway. */
const settledCents = sql.fragment`coalesce((e.settlement ->> 'voidedCents')::int4, 0)`;
const settledRefundCents = sql.fragment`coalesce((e.settlement ->> 'refundedCents')::int4, 0)`;

/** Reconciliation has recorded these very amounts of the gateway's: set right by a call, or seen to by a person. */
const isRecorded = sql.fragment`exists (
        select from reconciliation.finding f
        where f.order_id = e.id and f.state in ('healed', 'settled')
          and (f.theirs ->> 'authorizationId', (f.theirs ->> 'authorizedCents')::int4, (f.theirs ->> 'capturedCents')::int4,
            (f.theirs ->> 'voidedCents')::int4, (f.theirs ->> 'refundedCents')::int4, (f.theirs ->> 'expiredCents')::int4)
          = (p.authorization_id::text, p.authorized_cents, p.captured_cents, p.voided_cents, p.refunded_cents, p.expired_cents))`;

export const invariants: readonly Invariant[] = [
  {
    id: 'M1',
    promise: 'a completed order has captured its total, and nothing was voided or refunded',
    query: q`
      select e.id, e.total_cents, p.captured_cents, p.voided_cents, p.refunded_cents
      from ledger.entry e ${paymentOfEntry}
      where e.status = 'COMPLETED'
        and (p.authorization_id is null or p.captured_cents <> e.total_cents or p.voided_cents + p.refunded_cents <> 0)
        and not ${isRecorded}`,
  },
  {
    id: 'M2',
    promise:
      'a failed or cancelled order holds no money: captured = refunded, authorized = captured + voided + expired',
    query: q`
      select e.id, e.status, p.authorized_cents, p.captured_cents, p.voided_cents, p.refunded_cents, p.expired_cents, e.settlement
      from ledger.entry e join payments.payment p on p.authorize_key = e.id::text || ':payments.authorize'
      where e.status in ('FAILED', 'CANCELLED')
        and (p.captured_cents > p.refunded_cents + ${settledRefundCents}
          or p.authorized_cents > p.captured_cents + p.voided_cents + p.expired_cents + ${settledCents})`,
  },
  {
    id: 'M3',
    promise: 'an order whose authorization failed holds nothing',
    query: q`
      select e.id, p.status, p.authorized_cents, r.status as reservation
      from ledger.entry e ${paymentOfEntry} left join inventory.reservation r on r.order_id = e.id
      where e.status = 'AUTHORIZATION_FAILED'
        and (coalesce(p.authorized_cents - p.voided_cents - p.expired_cents, 0) <> 0 or r.status in ('held', 'sold'))`,
  },
  {
    id: 'M4',
    promise: 'captured ≤ authorized and refunded ≤ captured, always',
    query: q`
      select authorization_id, authorized_cents, captured_cents, refunded_cents from payments.payment
      where captured_cents > authorized_cents or refunded_cents > captured_cents`,
  },
  {
    id: 'M5',
    promise: 'our record of a finished order equals the gateway’s, both ways',
    query: q`
      select e.id, e.status, to_jsonb(p) as gateway, e.authorized_cents, e.captured_cents, e.voided_cents, e.refunded_cents, e.expired_cents
      from ledger.entry e full join payments.payment p on p.authorize_key = e.id::text || ':payments.authorize'
      where (e.id is null and p.authorize_key ~ '^[0-9a-f-]{36}:payments[.]authorize$')
        or (e.status in ('COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED') and e.settlement is null and (
          e.captured_cents <> coalesce(p.captured_cents, 0) or e.voided_cents <> coalesce(p.voided_cents, 0)
          or e.refunded_cents <> coalesce(p.refunded_cents, 0) or e.expired_cents <> coalesce(p.expired_cents, 0)
          or (e.authorization_id is not null and e.authorization_id <> p.authorization_id::text)
          or (e.authorization_id is not null and e.authorized_cents <> p.authorized_cents))
          and not ${isRecorded})`,
  },
  {
    id: 'M6',
    promise:
      'the gateway’s amounts are the sums of its own append-only ledger, each entry under a key it was asked with',
    query: q`
      select p.authorization_id, p.status, s.authorized, s.captured, s.voided, s.refunded, s.expired
      from payments.payment p left join (
        select authorization_id, sum(amount_cents) filter (where kind = 'authorize') as authorized,
          sum(amount_cents) filter (where kind = 'capture') as captured,
          sum(amount_cents) filter (where kind in ('void', 'release')) as voided,
          sum(amount_cents) filter (where kind = 'refund') as refunded,
          sum(amount_cents) filter (where kind = 'expire') as expired
        from payments.entry group by authorization_id
      ) s using (authorization_id)
      where (p.authorized_cents, p.captured_cents, p.voided_cents, p.refunded_cents, p.expired_cents)
        <> (coalesce(s.authorized, 0), coalesce(s.captured, 0), coalesce(s.voided, 0), coalesce(s.refunded, 0), coalesce(s.expired, 0))`,
  },
  {
    id: 'S1',
    promise: 'on hand is the sum of a product’s movements',
    query: q`
      select s.product_id, s.on_hand, coalesce(sum(m.quantity), 0) as moved
      from inventory.stock s left join inventory.movement m using (product_id)
      group by s.product_id, s.on_hand having s.on_hand <> coalesce(sum(m.quantity), 0)`,
  },
  {
    id: 'S2',
    promise: 'on hand ≥ reserved ≥ 0',
    query: q`select product_id, on_hand, reserved from inventory.stock where reserved < 0 or on_hand < reserved`,
  },
  {
    id: 'S3',
    promise: 'reserved is the sum of the live reservations',
    query: q`
      select s.product_id, s.reserved, coalesce(sum(i.quantity) filter (where r.status = 'held'), 0) as held
      from inventory.stock s
      left join inventory.reservation_item i using (product_id) left join inventory.reservation r using (order_id)
      group by s.product_id, s.reserved
      having s.reserved <> coalesce(sum(i.quantity) filter (where r.status = 'held'), 0)`,
  },
  {
    id: 'S4',
    promise: 'an order moves a product’s stock once per kind, and by what it reserved',
    query: q`
      select m.order_id, m.product_id, m.kind, count(*) as times, sum(m.quantity) as moved, min(i.quantity) as reserved
      from inventory.movement m left join inventory.reservation_item i on i.order_id = m.order_id and i.product_id = m.product_id
      where m.order_id is not null group by m.order_id, m.product_id, m.kind
      having count(*) > 1 or sum(m.quantity) <> -coalesce(min(i.quantity), 0)`,
  },
  {
    id: 'S5',
    promise: 'nothing is reserved, created or captured after its undo',
    query: q`
      select e.id, e.status, r.status as reservation, o.status as purchase_order
      from ledger.entry e
      left join inventory.reservation r on r.order_id = e.id left join orders.purchase_order o on o.id = e.id
      where e.status in ('FAILED', 'CANCELLED', 'AUTHORIZATION_FAILED')
        and (r.status in ('held', 'sold') or o.status in ('created', 'confirmed'))
      union all
      select null, 'captured after void', n.kind, n.key
      from payments.entry n
      where n.kind = 'capture' and exists (
        select from payments.entry v where v.authorization_id = n.authorization_id and v.kind = 'void' and v.id < n.id)`,
  },
  {
    id: 'S6',
    promise: 'a completed order is confirmed, and its reservation is sold',
    query: q`
      select e.id, r.status as reservation, o.status as purchase_order
      from ledger.entry e
      left join inventory.reservation r on r.order_id = e.id left join orders.purchase_order o on o.id = e.id
      where e.status = 'COMPLETED' and (r.status is distinct from 'sold' or o.status is distinct from 'confirmed')`,
  },
  {
    id: 'G6',
    promise: 'each request of a remote effect is settled at most once, and only under a token that was claimed',
    query: q`
      select actor_id, settled_effect, count(*) as times, min(settled_token) as token from actors.transition
      where settled_effect is not null group by actor_id, settled_effect having count(*) > 1 or min(settled_token) < 1`,
  },
  {
    id: 'G7',
    promise: 'an actor is there whole or not at all, and noted as ended if it has',
    query: q`
      select distinct t.actor_id, 'transitions without their actor' as what from actors.transition t
      where not exists (select from actors.actor a where a.id = t.actor_id)
      union all
      select distinct o.actor_id, 'operations without their actor' from actors.operation o
      where not exists (select from actors.actor a where a.id = o.actor_id)
      union all
      select coalesce(a.id, e.actor_id), 'ended, or noted as ended, but not both'
      from (select id from actors.actor where status = 'done') a full join actors.ended e on e.actor_id = a.id
      where a.id is null or e.actor_id is null`,
  },
  {
    id: 'E1',
    promise: 'each effect key took effect at most once, by the participants’ own books',
    query: q`
      select 'gateway' as participant, authorization_id::text as subject, kind, count(*) as times from payments.entry
      where kind in ('authorize', 'capture', 'void', 'refund') group by authorization_id, kind having count(*) > 1
      union all
      select 'notices', order_id::text, 'notice', count(*) from notice.mailbox group by order_id having count(*) > 1`,
  },
  {
    id: 'O1',
    promise: 'every unfinished actor is parked or has a wake row, and no other has one',
    query: q`
      select a.id, a.machine, a.state, a.status, a.parked_by, w.due_at
      from actors.actor a full join actors.wake w on w.actor_id = a.id
      where (a.status = 'active' and a.parked_by is null) <> (w.actor_id is not null) or a.id is null`,
  },
  {
    id: 'O2',
    promise: 'nothing stays due for longer than 30 s while workers live',
    onlyLive: true,
    query: q`
      select actor_id, due_at, redeliveries from actors.wake where due_at < actors.clock() - interval '30 seconds'
      union all
      select target_id, due_at, redeliveries from actors.message where due_at < actors.clock() - interval '30 seconds'`,
  },
  {
    id: 'A1',
    promise: 'one order per idempotency key; one actor per order, unless it was dropped, and one status for both',
    query: q`
      select e.id, e.status, e.revision, a.id as actor, a.revision as actor_revision
      from ledger.entry e full join (select * from actors.actor where machine = 'order') a on a.id = e.id::text
      where e.id is null or (a.id is null) <> (e.history_dropped_at is not null) or e.revision <> a.revision`,
  },
  {
    id: 'A2',
    promise: 'an order whose authorization is settled has its answer, and its payment token is gone',
    query: q`
      select id, status, answer_kind, payment_token is not null as has_token from ledger.entry
      where status <> 'AWAITING_AUTHORIZATION' and (answer_kind is null or payment_token is not null)`,
  },
  {
    id: 'P1',
    promise:
      'every order that ended has told its customer, or its notice is still on the way or parked; until its history is dropped',
    query: q`
      select e.id, e.status from ledger.entry e
      where e.status in ('COMPLETED', 'FAILED', 'CANCELLED', 'AUTHORIZATION_FAILED') and e.history_dropped_at is null
        and not exists (select from notice.mailbox m where m.order_id = e.id)
        and not exists (select from actors.message m where m.sender_id = e.id::text)
        and not exists (
          select from actors.transition t join actors.actor n on n.id = t.actor_id
          where n.id = any(array(${unfinishedIds(null)}))
            and n.machine = 'order-notice' and n.status = 'active' and t.event ->> 'orderId' = e.id::text)`,
  },
];
