import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compose, type Waybill } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import * as findings from '../../src/reconciliation/findings.ts';
import { prepareQueue } from '../../src/queue/backend.ts';
import { endTurn, takeTurn } from '../../src/reconciliation/searches.ts';
import { moneyOf, moneyPage } from '../../src/services/ledger/money.ts';
import { listPayments } from '../../src/services/payments/queries.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { useDatabase } from '../support/database.ts';
import { queryPlan } from '../support/query-plan.ts';
import { installClock, type StoreClock } from '../support/store-clock.ts';
import { gatewayOf, never, reconciler, searchesWake } from './shop.ts';

const orders = 3_000;
const database = useDatabase();
let clock: StoreClock;
let gateway: Waybill['app'];

/** Of the n-th order, the oldest first; so is the time of the gateway's ids. */
const idOf = (n: number): string => `01a00000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const query = async (text: string, values: readonly unknown[] = []) =>
  (await database.pg().query<Record<string, unknown>>(text, [...values])).rows;
const process = () => reconciler(database.pool(), gatewayOf(gateway));
const loseAtGateway = (n: number) =>
  query(`update payments.payment set authorize_key = 'lost-' || authorization_id where authorization_id = $1`, [
    idOf(n),
  ]);
const chargeBack = (n: number) =>
  query(`update payments.payment set refunded_cents = 1 where authorization_id = $1`, [idOf(n)]);

beforeAll(async () => {
  clock = await installClock(database.pg());
  const config = readConfig({ DATABASE_URL: database.url(), MOCK_FAILURE_RATE: '0' });
  await prepareQueue({ type: 'postgres', url: database.url() });
  const log = createLogger({ level: 'silent', pretty: false, role: 'test' });
  const metrics = { render: () => Promise.resolve(''), shutdown: () => Promise.resolve() };
  const waybill = await compose(config, { databaseUrl: database.url(), log, metrics });
  gateway = waybill.app;
  await query(
    `insert into ledger.entry (id, idempotency_key, fingerprint, user_id, email, payment_method, currency, total_cents, status,
       revision, authorization_id, authorized_cents, captured_cents, answer_kind, answer_body, answer_location, answered_at,
       created_at, updated_at)
     select id, 'key-' || id, repeat('0', 64), id, 'canary@example.com', 'card', 'USD', 2999, 'COMPLETED', 9, id, 2999, 2999,
       'authorized', '{}', '/', at, at, at
     from (select ('01a00000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid as id,
         now() - interval '1 day' + n * interval '1 second' as at from generate_series(1, $1) n) o`,
    [orders],
  );
  await query(
    `insert into payments.payment (authorization_id, authorize_key, user_id, currency, status, requested_cents,
       authorized_cents, captured_cents, on_capture, created_at)
     select id, id || ':payments.authorize', id, 'USD', 'captured', 2999, 2999, 2999, 'succeed', created_at from ledger.entry`,
  );
  await query('analyze ledger.entry, payments.payment');
  return () => waybill.close();
});

afterEach(async () => {
  await query('delete from reconciliation.finding');
  await query(
    `update payments.payment set refunded_cents = 0, authorize_key = authorization_id || ':payments.authorize'`,
  );
  await query(`update reconciliation.search set position = null`);
  await query(searchesWake);
});

const found = async () =>
  (await query('select order_id, kind from reconciliation.finding order by order_id, kind')).map(
    ({ order_id: id, kind }) => `${String(kind)} ${Number(String(id).slice(-12))}`,
  );

describe('both ways, by pages', () => {
  it('finds drift on every page, of the oldest and the newest too', async () => {
    for (const n of [1, 501, 1_499, 2_500, orders]) await chargeBack(n);
    for (const n of [2, 500, 1_500, 2_501, orders - 1]) await loseAtGateway(n);
    await process().reconciliation.runAll(never);
    expect(await found()).toEqual([
      'money_returned 1',
      'payment_missing 2',
      'payment_missing 500',
      'money_returned 501',
      'money_returned 1499',
      'payment_missing 1500',
      'money_returned 2500',
      'payment_missing 2501',
      `payment_missing ${orders - 1}`,
      `money_returned ${orders}`,
    ]);
  });

  it('asks for single payments only where the report has none', async () => {
    await loseAtGateway(7);
    const single: string[] = [];
    const { reconciliation } = reconciler(
      database.pool(),
      gatewayOf(gateway, (path, send) => {
        if (path.startsWith('/payments?')) single.push(path);
        return send();
      }),
    );
    await reconciliation.runAll(never);
    const asked = `/payments?idempotency_key=${encodeURIComponent(`${idOf(7)}:payments.authorize`)}`;
    expect(single).toEqual([asked]);
  });

  it('finds all of them when the gateway has lost everything', async () => {
    await query(`update payments.payment set authorize_key = 'lost-' || authorization_id`);
    await process().reconciliation.runAll(never);
    expect(await found()).toHaveLength(orders);
  });
});

describe('searches', () => {
  const turns = async (count: number): Promise<readonly (string | null)[]> => {
    const taken: (string | null)[] = [];
    for (let n = 0; n < count; n += 1) taken.push(await process().reconciliation.runOnce(never));
    return taken;
  };

  it('each is one process’s at a time, and goes on where another one left it', async () => {
    await chargeBack(1);
    expect(new Set(await turns(4))).toEqual(new Set(['open', 'recent', 'moved', 'whole']));
    expect(await turns(1)).toEqual([null]);
    expect(await found()).toEqual(['money_returned 1']);
    await query('delete from reconciliation.finding');
    // `recent` has rested for its round, `whole` is on its second page of six.
    await clock.jump(6_000);
    expect(new Set(await turns(3))).toEqual(new Set(['open', 'whole', null]));
    expect(
      await query(`select position -> 'payments' as payments from reconciliation.search where name = 'whole'`),
    ).toEqual([{ payments: 1_000 }]);
    expect(await found()).toEqual([]);
    await clock.jump(10_000);
    await turns(4);
    expect(await found()).toEqual(['money_returned 1']);
  });

  it('one whose process is gone is taken over when its turn is overdue, and its late result is left', async () => {
    const gone = [
      await takeTurn(database.pool(), 30_000),
      await takeTurn(database.pool(), 30_000),
      await takeTurn(database.pool(), 30_000),
    ];
    const last = await takeTurn(database.pool(), 30_000);
    expect(await takeTurn(database.pool(), 30_000)).toBeNull();
    await clock.jump(30_000);
    const next = await takeTurn(database.pool(), 30_000);
    expect(next).toMatchObject({ name: gone[0]?.name, token: Number(gone[0]?.token) + 1 });
    if (!gone[0] || !next || !last) throw new Error('there were four turns');
    expect(await endTurn(database.pool(), gone[0], { position: null, inMs: 0 })).toBe(false);
    expect(await endTurn(database.pool(), next, { position: null, inMs: 0 })).toBe(true);
  });

  it('a gateway that is away ends a turn where it stood, for the next one to go on', async () => {
    let calls = 0;
    const { reconciliation } = reconciler(
      database.pool(),
      gatewayOf(gateway, (_path, send) => {
        calls += 1;
        return calls > 2 ? Promise.resolve({ status: 503, body: null }) : send();
      }),
    );
    await query(`update reconciliation.search set next_at = 'infinity' where name <> 'recent'`);
    await expect(reconciliation.runOnce(never)).rejects.toThrow('GET /payments/report answered 503');
    expect(
      await query(`select position -> 'payments' as payments from reconciliation.search where name = 'recent'`),
    ).toEqual([{ payments: 1_000 }]);
  });

  it('what is open is looked at again by turns', async () => {
    await chargeBack(1);
    const one = process();
    await one.reconciliation.runAll(never);
    await query(`update payments.payment set refunded_cents = 0`);
    await query(`update reconciliation.search set next_at = 'infinity' where name <> 'open'`);
    expect(await one.reconciliation.runOnce(never)).toBe('open');
    expect(one.told.closed).toEqual(['money_returned vanished']);
  });
});

describe('queries use their indexes', () => {
  const cursor = { createdAtMs: Date.now() - 86_000_000, orderId: idOf(2_000) };
  const planOf = (query: Parameters<typeof queryPlan>[1]) => queryPlan(database.url(), query);

  it.each([
    ['the report, first page', (db) => listPayments(db, { before: null, limit: 501 }), ['payment_pkey']],
    ['the report, a later page', (db) => listPayments(db, { before: idOf(2_000), limit: 501 }), ['payment_pkey']],
    ['our orders by id', (db) => moneyOf(db, [idOf(1), idOf(2)]), ['entry_pkey']],
    [
      'our orders by time',
      (db) => moneyPage(db, { sinceMs: Date.now() - 86_300_000, after: cursor, limit: 100 }),
      ['entry_created_at'],
    ],
    [
      'open findings by turns',
      (db) => findings.unseenFindings(db, { sinceMs: Date.now(), limit: 10 }),
      ['finding_unseen'],
    ],
    ['findings of orders', (db) => findings.findingsOf(db, [idOf(1)]), ['finding_order']],
  ] as const satisfies readonly (readonly [string, Parameters<typeof queryPlan>[1], readonly string[]])[])(
    '%s',
    async (_what, query_, indexes) => {
      await query(`insert into reconciliation.finding (kind, order_id, remedy, first_seen_at, last_seen_at, state, closed_at, by, why)
        select 'money_held', id, 'void', now(), now(), 'healed', now(), 'x', 'y' from ledger.entry`);
      await query('analyze reconciliation.finding');
      const plan = await planOf(query_);
      for (const index of indexes) expect(plan).toContain(index);
      expect(plan).not.toContain('Seq Scan');
      expect(plan).not.toContain('Sort');
    },
  );
});
