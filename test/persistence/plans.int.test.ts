/** What runs all the time, and what people look at, reads big tables by index alone: the plans say so. */
import { beforeAll, describe, expect, it } from 'vitest';
import { actorPages } from '../../src/audit/actor-pages.ts';
import { checkVersions } from '../../src/audit/check-versions.ts';
import { invariants } from '../../src/audit/invariants.ts';
import { actorMachines } from '../../src/compose.ts';
import { machineStates } from '../../src/console/machine-states.ts';
import * as facts from '../../src/console/order-facts.ts';
import { parkedActors, parkedAmong, parkedGroups, parkedTotals } from '../../src/console/parked-queries.ts';
import { throughput, timeToCompleted } from '../../src/console/throughput.ts';
import { countStanding, standingIn, whatIsDue } from '../../src/console/unfinished.ts';
import { countByState, listParked } from '../../src/persistence/operations.ts';
import { outbox } from '../../src/persistence/outbox.ts';
import type { DatabasePool } from '../../src/persistence/pool.ts';
import { retention } from '../../src/persistence/retention.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import { listOrders } from '../../src/services/ledger/list-orders.ts';
import { findByKeys, findOrder } from '../../src/services/ledger/queries.ts';
import { moneyOf, moneyPage } from '../../src/services/ledger/money.ts';
import { listMovements, listPayments } from '../../src/services/payments/queries.ts';
import { markHistoryDropped } from '../../src/services/ledger/drop-history.ts';
import { deleteLetters } from '../../src/services/notices/queries.ts';
import { copyFinishedOrder } from '../support/finished-orders.ts';
import { type Recorded, recording } from '../support/recorded-queries.ts';
import { openShop } from '../cli/command.ts';
import { useDatabase } from '../support/database.ts';
import { eventually } from '../support/wait.ts';

const copies = 50_000;
const database = useDatabase();
let orderId = '';

beforeAll(async () => {
  const shop = await openShop(database.url(), 'MOUSE');
  shop.work();
  orderId = await shop.order('success');
  const sent = async (): Promise<boolean> => (await database.pg().query(`select from notice.mailbox`)).rowCount === 1;
  await eventually(sent, { what: 'the notice of the one real order', timeoutMs: 30_000 });
  const idle = async (): Promise<boolean> => (await database.pg().query(`select from actors.wake`)).rowCount === 0;
  await eventually(idle, { what: 'the end of its notice' });
  await shop.close();
  await database.pg().query(`update inventory.stock set on_hand = on_hand + ${copies}`);
  const client = await database.pg().connect();
  try {
    await copyFinishedOrder(client, {
      orderId,
      copies,
      oldestDays: 200,
      newestDays: 1,
      schemas: ['actors', 'ledger', 'notice', 'payments'],
    });
    // The outbox of a busy day: nothing of it due, or the planner may as well read all of it.
    await client.query(`
      insert into actors.wake (actor_id, due_at)
      select 'waiting-' || n, actors.clock() + n * interval '1 minute' from generate_series(1, 20000) n`);
    await client.query(`
      insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
      select 's', 't-' || n, 'order', '{"type":"X"}', at, at
      from (select n, actors.clock() + n * interval '1 minute' as at from generate_series(1, 20000) n) later`);
    await client.query('analyze');
  } finally {
    client.release();
  }
}, 180_000);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Total Cost'?: number;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** What a query would do: indexes used, and tables read from end to end. */
async function planOf({ sql, values }: Recorded): Promise<{ indexes: string[]; scanned: string[] }> {
  const { rows } = await database
    .pg()
    .query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${sql}`, [...values]);
  const nodes = nodesOf(rows[0]?.['QUERY PLAN'][0].Plan ?? { 'Node Type': 'none' });
  return {
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].sort(),
    scanned: nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [])),
  };
}

async function plansOf(work: (pool: DatabasePool) => Promise<unknown>) {
  const { pool, recorded } = recording(database.pool());
  await work(pool);
  const plans = await Promise.all(recorded.map(planOf));
  return {
    indexes: [...new Set(plans.flatMap(({ indexes }) => indexes))].sort(),
    scanned: plans.flatMap(({ scanned }) => scanned),
  };
}

/** Of all tables here, read once, the planner thinks a tenth of it; of a table read for each row of another, a hundred times as much. */
const maxCost = 1_000_000;

const userId = '00000007-0000-4000-8000-000000000000';
const page = { limit: 21 };

describe(`with ${copies} finished orders, by index alone`, () => {
  it('the relay claims what is due', async () => {
    await database.pg().query(`insert into actors.wake (actor_id, due_at) values ('due', actors.clock())`);
    await database.pg().query(`
      insert into actors.message (sender_id, target_id, target_machine, event, deliver_at, due_at)
      values ('s', 'due', 'order', '{"type":"X"}', actors.clock(), actors.clock())`);
    const claim = { limit: 500, redeliveryMs: 5_000, maxRedeliveryMs: 30_000 };
    expect(await plansOf((pool) => outbox(pool).claimDue(claim))).toEqual({
      indexes: ['message_due', 'message_pkey', 'wake_due', 'wake_pkey'],
      scanned: [],
    });
  });

  it('a worker loads and reads actors', async () => {
    const work = async (pool: DatabasePool): Promise<void> => {
      const store = actorStore(pool);
      await store.read([orderId]);
      await store.history(orderId, { afterRevision: 2, limit: 100 });
      const commitId = '00000000-0000-4000-8000-000000000001';
      await store.transaction((tx) => tx.lock(commitId, { waitFor: [orderId], ifFree: ['free', 'missing'] }));
    };
    expect(await plansOf(work)).toEqual({
      indexes: ['actor_pkey', 'message_target', 'transition_pkey', 'wake_pkey'],
      scanned: [],
    });
  });

  it('retention finds what is due, and deletes it everywhere', async () => {
    const options = { databaseUrl: database.url(), monotonicMs: () => 0, delay: () => Promise.resolve() };
    const stopping = new AbortController();
    const work = (pool: DatabasePool): Promise<unknown> =>
      retention({
        ...options,
        pool,
        async alongside(tx, actors) {
          const orderIds = actors.filter(({ machine }) => machine === 'order').map(({ id }) => id);
          await markHistoryDropped(tx, orderIds);
          return { notices: await deleteLetters(tx, orderIds) };
        },
        // One batch shows all.
        onDropped: () => stopping.abort(),
      }).runOnce({ olderThanDays: 90, signal: stopping.signal });
    expect(await plansOf(work)).toEqual({
      indexes: expect.arrayContaining(['actor_pkey', 'ended_pkey', 'entry_pkey', 'mailbox_pkey', 'transition_pkey']),
      // Nobody has operated an actor here.
      scanned: ['operation'],
    });
  });

  it.each([
    ['all', {}, 'entry_created_at'],
    ['of one user', { userId }, 'entry_user'],
    ['of one user and status', { userId, status: 'COMPLETED' as const }, 'entry_user'],
    [
      'of one day',
      { createdFromMs: Date.now() - 86_400_000 * 101, createdBeforeMs: Date.now() - 86_400_000 * 100 },
      'entry_created_at',
    ],
    ['behind another one', { after: { createdAtMs: Date.now() - 86_400_000 * 100, id: userId } }, 'entry_created_at'],
  ])('the list of orders: %s', async (_what, filter, index) => {
    expect(await plansOf((pool) => listOrders(pool, { ...filter, ...page }))).toEqual({
      indexes: [index, 'item_pkey'].sort(),
      scanned: [],
    });
  });

  it.each([
    // Nobody has ever been there, few are, all are.
    ['FAILED', ['ended_pkey', 'entry_pkey', 'item_pkey']],
    ['COMPLETED', ['ended_pkey', 'entry_pkey', 'item_pkey']],
    ['NEEDS_ATTENTION', ['actor_parked', 'entry_pkey', 'item_pkey']],
    ['AUTHORIZED', ['entry_pkey', 'item_pkey']],
  ] as const)('the list of orders: at %s', async (status, indexes) => {
    const page = { after: { createdAtMs: Date.now() - 86_400_000 * 100, id: userId }, limit: 21 };
    for (const filter of [
      { status, limit: 21 },
      { status, ...page },
    ]) {
      const plans = await plansOf((pool) => listOrders(pool, filter));
      expect(plans.indexes).toEqual(indexes);
      // The outbox itself may be read whole: it holds what is unfinished, and nothing else.
      expect(plans.scanned.filter((table) => table !== 'wake')).toEqual([]);
    }
  });

  it('the list of orders: by amount, of which there are few', async () => {
    expect(await plansOf((pool) => listOrders(pool, { minCents: 1_000_000, ...page }))).toEqual({
      indexes: ['entry_total', 'item_pkey'],
      scanned: [],
    });
  });

  it('the console: its overview, searches, states, parked groups, live orders', async () => {
    const work = async (pool: DatabasePool): Promise<void> => {
      const nowMs = Date.now();
      await throughput(pool)(nowMs - 86_400_000);
      await timeToCompleted(pool, nowMs - 86_400_000);
      await countStanding(pool);
      await whatIsDue(pool);
      await standingIn(pool, 'stuck');
      await standingIn(pool, 'retrying');
      await parkedGroups(pool);
      await parkedTotals(pool);
      await parkedActors(pool, { cause: 'a cause', after: { sinceMs: nowMs, id: 'x' }, limit: 51 });
      await parkedAmong(pool, [orderId]);
      await machineStates(pool, 'order', actorMachines());
    };
    const { indexes, scanned } = await plansOf(work);
    expect(indexes).toEqual(
      expect.arrayContaining([
        'actor_parked',
        'actor_pkey',
        'ended_lately',
        'ended_pkey',
        'entry_created_at',
        'message_due',
        'transition_pkey',
        'wake_due',
      ]),
    );
    expect(scanned.filter((table) => table !== 'wake')).toEqual([]);
  });

  it('the console: one order, with what everybody has on record of it', async () => {
    const work = async (pool: DatabasePool): Promise<void> => {
      await facts.wakeOf(pool, orderId);
      await facts.messagesTo(pool, [orderId]);
      await facts.reservationOf(pool, orderId);
      await facts.stockOf(pool, orderId);
      await facts.purchaseOrderOf(pool, orderId);
    };
    const { indexes, scanned } = await plansOf(work);
    expect(indexes).toEqual(expect.arrayContaining(['item_pkey', 'message_target', 'wake_pkey']));
    // Tables of one row here.
    expect(
      scanned.filter((table) => ['entry', 'item', 'wake', 'message', 'actor', 'transition'].includes(table)),
    ).toEqual([]);
  });

  it('the list of orders: of a product that everybody orders, and of one that nobody does', async () => {
    const popular = (await database.pg().query<{ id: string }>('select product_id as id from ledger.item limit 1'))
      .rows[0]?.id;
    const everybody = await plansOf((pool) => listOrders(pool, { productId: popular, ...page }));
    expect(everybody).toEqual({ indexes: ['entry_created_at', 'item_pkey', 'item_product'], scanned: [] });
    const nobody = await plansOf((pool) => listOrders(pool, { productId: userId, ...page }));
    expect(nobody).toEqual({ indexes: ['entry_pkey', 'item_pkey', 'item_product'], scanned: [] });
  });

  it('how many unfinished actors are in each state, and which: the finished ones are not looked at', async () => {
    const work = async (pool: DatabasePool): Promise<void> => {
      await countByState(pool, 'order');
      await checkVersions(pool, { machines: actorMachines(), migrations: [] });
    };
    const { indexes, scanned } = await plansOf(work);
    expect(indexes).toEqual(['actor_parked', 'actor_pkey', 'wake_pkey']);
    // The outbox itself may be read whole: it holds what is unfinished, and nothing else.
    expect(scanned.filter((table) => table !== 'wake')).toEqual([]);
  });

  it('the audit’s pages of logs', async () => {
    const work = async (pool: DatabasePool): Promise<void> => {
      for (const sinceMs of [null, Date.now() - 86_400_000 * 100])
        // One page shows all.
        for await (const ids of actorPages(pool, sinceMs)) {
          expect(ids.length).toBeGreaterThan(0);
          break;
        }
    };
    const { indexes, scanned } = await plansOf(work);
    expect(indexes).toEqual(['actor_parked', 'actor_pkey', 'wake_pkey']);
    expect(scanned).toEqual([]);
  });

  it('reconciliation’s pages: payments, movements, our orders', async () => {
    const [someday] = (
      await database.pg().query<{ id: string }>('select authorization_id as id from payments.payment limit 1')
    ).rows;
    const work = async (pool: DatabasePool): Promise<void> => {
      for (const before of [null, someday?.id ?? '']) await listPayments(pool, { before, limit: 501 });
      for (const before of [null, '50000']) await listMovements(pool, { before, limit: 501 });
      await moneyOf(pool, [orderId, userId]);
      const after = { createdAtMs: Date.now() - 86_400_000 * 100, orderId: userId };
      await moneyPage(pool, { sinceMs: Date.now() - 86_400_000 * 101, after, limit: 1_000 });
    };
    expect(await plansOf(work)).toEqual({
      indexes: ['entry_created_at', 'entry_pkey', 'payment_pkey'],
      scanned: [],
    });
  });

  it('the audit’s invariants: whole tables, but none for each row of another', async () => {
    const costs = await Promise.all(
      invariants.map(async ({ id, query: { sql, values } }) => {
        const { rows } = await database
          .pg()
          .query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${sql.replaceAll('$slonik_', '$')}`, [
            ...values,
          ]);
        return { id, cost: rows[0]?.['QUERY PLAN'][0].Plan['Total Cost'] ?? Infinity };
      }),
    );
    expect(costs.filter(({ cost }) => cost > maxCost)).toEqual([]);
  });

  it('one order, by its id and by its key; what is parked', async () => {
    const work = async (pool: DatabasePool): Promise<void> => {
      await findOrder(pool, orderId);
      await findByKeys(pool, ['copy-of-nothing']);
      await listParked(pool, 100);
    };
    expect(await plansOf(work)).toEqual({
      indexes: ['actor_parked', 'entry_idempotency_key_key', 'entry_pkey', 'item_pkey'],
      scanned: [],
    });
  });
});
