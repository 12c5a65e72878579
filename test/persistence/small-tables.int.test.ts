/** Plans stay with their statements: those that are made while tables are small must go by key, or they read all of it later. */
import { randomUUID } from 'node:crypto';
import type { DatabaseTransactionConnection } from 'slonik';
import { expect, test } from 'vitest';
import type { DatabasePool } from '../../src/persistence/pool.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { writeReservations, writeStock } from '../../src/services/inventory/queries.ts';
import { orderParkingProjection, orderProjection } from '../../src/services/ledger/projection.ts';
import { writeOrders } from '../../src/services/orders/queries.ts';
import { moveOnce } from '../../src/services/payments/at-once.ts';
import { decideCapture, type Payment } from '../../src/services/payments/decisions.ts';
import { useDatabase } from '../support/database.ts';
import { type Recorded, recording } from '../support/recorded-queries.ts';

const database = useDatabase();
const nowMs = 1_000;
const id = randomUUID();
const payment: Payment = {
  authorizationId: id,
  status: 'authorized',
  currency: 'USD',
  authorizedCents: 100,
  capturedCents: 0,
  voidedCents: 0,
  refundedCents: 0,
  expiredCents: 0,
};

/** What batches lock, look up and update, here for keys that there are not. */
const batches: Readonly<Record<string, (pool: DatabasePool) => Promise<unknown>>> = {
  'a commit locks, looks and writes': (pool) =>
    actorStore(pool).transaction(async (tx) => {
      await tx.lock(randomUUID(), { waitFor: [id], ifFree: [randomUUID()] });
      await tx.write({
        commitId: randomUUID(),
        nowMs,
        updates: [
          {
            id,
            machine: 'order',
            version: '1',
            structureHash: 'h',
            revision: 2,
            path: 'x',
            snapshot: { status: 'active', value: 'x', context: {} },
            timers: [],
            effects: [],
            parked: null,
            traceparent: null,
            startedAtMs: nowMs,
            enteredAtMs: nowMs,
          },
        ],
        transitions: [],
        wakeInserts: [],
        wakeUpdates: [{ actorId: id, dueAtMs: nowMs }],
        wakeDeletes: [id],
        messagesConsumed: ['1'],
        messagesSent: [],
      });
    }),
  'the ledger follows': (pool) =>
    inTransaction(pool, (tx) =>
      orderProjection(
        tx,
        [
          {
            actorId: id,
            revision: 2,
            event: { type: 'X' },
            from: { path: 'x', tags: [], meta: { status: 'AUTHORIZED' } },
            to: { path: 'y', tags: [], meta: { status: 'AUTHORIZED' } },
            context: { payment: { ...payment, declineCode: null, settlement: null }, failure: null },
            traceparent: null,
          },
        ],
        nowMs,
      ),
    ),
  'the ledger shows who is parked': (pool) =>
    inTransaction(pool, (tx) => orderParkingProjection(tx, [{ actorId: id, parking: null }], nowMs)),
  'orders move': (pool) =>
    inTransaction(pool, (tx) =>
      writeOrders(tx, [
        { id, status: 'confirmed', content: null, createdAtMs: nowMs, confirmedAtMs: nowMs, cancelledAtMs: null },
      ]),
    ),
  'reservations move': (pool) =>
    inTransaction(pool, (tx) =>
      writeReservations(tx, [
        {
          orderId: id,
          status: 'sold',
          ownedBySaga: true,
          expiresAtMs: null,
          short: null,
          items: [],
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
        },
      ]),
    ),
  'stock moves': (pool) => inTransaction(pool, (tx) => writeStock(tx, [{ productId: id, onHand: 1, reserved: 0 }])),
  'payments move': (pool) =>
    moveOnce(pool, [
      {
        question: { operation: 'capture', key: 'k', fingerprint: '0'.repeat(64), traceId: '1'.repeat(32) },
        decision: decideCapture(payment, 'succeed', null),
        read: payment,
      },
    ]),
};

const tables = ['actor', 'wake', 'entry', 'purchase_order', 'reservation', 'stock', 'payment'];

test.each([20, 60, 250, 1_000])('with %d rows in each table', async (rows) => {
  await fill(rows);
  for (const [what, work] of Object.entries(batches)) {
    const { pool, recorded } = recording(database.pool());
    await work(pool);
    expect(recorded).not.toEqual([]);
    expect([what, ...(await Promise.all(recorded.map(wholeReads))).flat()]).toEqual([what]);
  }
});

function inTransaction(pool: DatabasePool, work: (tx: DatabaseTransactionConnection) => Promise<unknown>) {
  return pool.transaction(work);
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

/** @returns how each table is read that is read from end to end, by its pages or along an index */
async function wholeReads({ sql }: Recorded): Promise<string[]> {
  const client = await database.pg().connect();
  try {
    await client.query('begin');
    // As every pool of the product has it.
    await client.query('set local enable_seqscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (generic_plan, format json) ${sql}`,
    );
    return (rows[0]?.['QUERY PLAN'] ?? []).flatMap(({ Plan: plan }) => wholeReadsOf(plan));
  } finally {
    await client.query('rollback');
    client.release();
  }
}

function wholeReadsOf(plan: Plan): string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Cond': condition, Plans: plans = [] } = plan;
  const isWhole = /^(Seq|Index|Index Only) Scan$/.test(type) && condition === undefined && tables.includes(table ?? '');
  return [...(isWhole ? [`${type} of ${table}`] : []), ...plans.flatMap(wholeReadsOf)];
}

/** Up to so many rows, and the planner knows. */
async function fill(rows: number): Promise<void> {
  const some = `from generate_series(1, ${rows}) n`;
  const uuid = `('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
  const inserts = [
    `actors.actor (id, machine, version, structure_hash, revision, status, state, snapshot, timers, effects, created_at, updated_at)
      select ${uuid}::text, 'order', '1', 'h', 1, 'active', 'x', '{}', '[]', '[]', now(), now() ${some}`,
    `actors.wake (actor_id, due_at) select ${uuid}::text, now() ${some}`,
    `ledger.entry (id, idempotency_key, fingerprint, user_id, email, payment_method, payment_token, currency, total_cents,
        status, revision, created_at, updated_at)
      select ${uuid}, n, repeat('a', 64), ${uuid}, 'a@example.com', 'card', 'tok', 'USD', 1, 'AWAITING_AUTHORIZATION', 1,
        now(), now() ${some}`,
    `orders.purchase_order (id, status, created_at, cancelled_at) select ${uuid}, 'cancelled', now(), now() ${some}`,
    `inventory.reservation (order_id, status, owned_by_saga, created_at, updated_at)
      select ${uuid}, 'released', true, now(), now() ${some}`,
    `inventory.product (id, name, sku, price_cents, currency, created_at) select ${uuid}, 'p', n, 1, 'USD', now() ${some}`,
    `inventory.stock (product_id, on_hand, reserved) select ${uuid}, 1, 0 ${some}`,
    `payments.payment (authorization_id, authorize_key, user_id, currency, status, requested_cents, authorized_cents, on_capture)
      select ${uuid}, n, ${uuid}, 'USD', 'authorized', 100, 100, 'succeed' ${some}`,
  ];
  for (const insert of inserts) await database.pg().query(`insert into ${insert} on conflict do nothing`);
  await database.pg().query('analyze');
}
