/**
 * The whole system in this process, on a database of its own with a clock that the test can move: as many compositions
 * as a test starts, over either backend of the queue. After every test all orders must have ended, and the audit finds
 * nothing; and nothing private was logged.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { actorMachines, compose, queueTarget, type Waybill } from '../../src/compose.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { prepareQueue } from '../../src/queue/backend.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { privateLines } from './canaries.ts';
import { type TestDatabase, useDatabase } from './database.ts';
import { installClock, type StoreClock } from './store-clock.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openShop, overInject, type Shop } from './shop.ts';
import { eventually } from './wait.ts';

export type Backend = 'postgres' | 'redis';

export interface Stack {
  readonly waybill: Waybill;
  readonly shop: Shop;
  /** Drains and closes this one alone; harmless when repeated. */
  close(): Promise<void>;
}

/** What became of an order, by the records of everybody concerned. */
export interface Facts {
  readonly status: string;
  readonly failure: string | null;
  /** The gateway's own record: its status, and what was captured and refunded. */
  readonly payment: string | null;
  readonly reservation: string | null;
  readonly purchaseOrder: string | null;
  readonly notice: string | null;
}

export interface StackKit extends TestDatabase {
  readonly clock: StoreClock;
  /** Starts one more process on this database. Environment variables as for `waybill start`; all roles by default. */
  start(environment?: Readonly<Record<string, string>>): Promise<Stack>;
  /** Waits until nothing is under way any more but what is parked; backoffs pass at once. */
  settled(): Promise<void>;
  /** Waits until the order has this status; its backoffs pass at once. */
  ends(id: string, status: string): Promise<void>;
  facts(id: string): Promise<Facts>;
  /** Waits until an order was accepted under this idempotency key. @returns its id */
  orderIdOf(key: string): Promise<string>;
  /** Waits until the actor's state matches. */
  reaches(actorId: string, state: RegExp): Promise<void>;
  /** What can be promised, and what is reserved. */
  stock(productId: string): Promise<{ readonly onHand: number; readonly reserved: number }>;
  /** Everything that was logged, from `debug` on. */
  logged(): string;
  redis(): TestRedis | null;
}

const politeMs = 40;
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0 || process.env['REQUIRE_REDIS'] === '1';

/** A suite per backend of the queue; that on Redis is skipped where the machine has none. */
export function onEachBackend(title: string, suite: (kit: StackKit) => void): void {
  for (const backend of ['postgres', 'redis'] as const)
    describe.skipIf(backend === 'redis' && !hasRedis)(`${title} (wake-ups over ${backend})`, () => {
      suite(useStack(backend));
    });
}

/** Call it at the top of a file or a `describe`. */
export function useStack(backend: Backend): StackKit {
  const database = useDatabase({ maxConnections: 20 });
  const lines: string[] = [];
  const stacks: Stack[] = [];
  let redis: TestRedis | null = null;
  let clock: StoreClock | undefined;

  const configOf = (environment: Readonly<Record<string, string>>): Config =>
    readConfig({
      PORT: '0',
      LOG_LEVEL: 'debug',
      MOCK_FAILURE_RATE: '0',
      DATABASE_URL: database.url(),
      ...(redis ? { REDIS_URL: redis.url } : {}),
      ...environment,
    });

  beforeAll(async () => {
    clock = await installClock(database.pg());
    if (backend === 'redis') redis = await startRedis();
    await prepareQueue(queueTarget(configOf({}), database.url()));
  });
  afterEach(async () => {
    await kit.settled();
    const report = await audit(database.pool(), { machines: actorMachines(), live: false });
    expect(report.findings).toEqual([]);
    expect(privateLines(lines.join(''))).toEqual([]);
  });
  afterAll(async () => {
    for (const stack of stacks) await stack.close();
    await redis?.stop();
  });

  const kit: StackKit = {
    ...database,
    get clock() {
      if (!clock) throw new Error('the clock is there from beforeAll on');
      return clock;
    },
    async start(environment = {}) {
      const stack = await startStack(configOf(environment), database.url(), lines, kit.clock);
      stacks.push(stack);
      return stack;
    },
    async settled() {
      const nothing = async (): Promise<boolean> => {
        if ((await unfinished(database)) === 0) return true;
        await kit.clock.skipBackoffs();
        // Whoever looks all the time takes the time from those who work.
        await sleep(politeMs);
        return false;
      };
      await eventually(nothing, { what: 'the end of everything' }).catch(async (error: unknown) => {
        throw new Error(`${String(error)}; left are ${JSON.stringify(await leftovers(database))}`, { cause: error });
      });
    },
    async ends(id, status) {
      let last: string | undefined;
      const ended = async (): Promise<boolean> => {
        await kit.clock.skipBackoffs(id);
        last = (await factsOf(database, id)).status;
        return last === status;
      };
      await eventually(ended, { what: `${id} at ${status}` }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it is at ${last}`, { cause: error });
      });
    },
    facts: (id) => factsOf(database, id),
    orderIdOf: (key) =>
      eventually(
        async () => {
          const { rows } = await database
            .pg()
            .query<{ id: string }>('select id from ledger.entry where idempotency_key = $1', [key]);
          return rows[0]?.id;
        },
        { what: `an order under the key ${key}` },
      ),
    async reaches(actorId, state) {
      const there = async (): Promise<boolean> => {
        const { rows } = await database
          .pg()
          .query<{ state: string }>('select state from actors.actor where id = $1', [actorId]);
        return state.test(rows[0]?.state ?? '');
      };
      await eventually(there, { what: `${actorId} in ${state}` });
    },
    async stock(productId) {
      const { rows } = await database
        .pg()
        .query<{ onHand: number; reserved: number }>(
          'select on_hand as "onHand", reserved from inventory.stock where product_id = $1',
          [productId],
        );
      if (!rows[0]) throw new Error(`no stock of ${productId}`);
      return rows[0];
    },
    logged: () => lines.join(''),
    redis: () => redis,
  };
  return kit;
}

async function startStack(config: Config, databaseUrl: string, lines: string[], clock: StoreClock): Promise<Stack> {
  const log = createLogger({
    level: config.logLevel,
    pretty: false,
    role: config.roles.join(','),
    destination: { write: (line) => void lines.push(line) },
  });
  const metrics = { render: () => Promise.resolve(''), shutdown: () => Promise.resolve() };
  const waybill = await compose(config, { databaseUrl, log, metrics, breakerClockMs: clock.monotonicMs });
  await waybill.app.ready();
  waybill.work();
  let closed: Promise<void> | undefined;
  return { waybill, shop: openShop(overInject(waybill.app)), close: () => (closed ??= waybill.close()) };
}

async function unfinished(database: TestDatabase): Promise<number> {
  const { rows } = await database.pg().query<{ n: number }>(`
    select (select count(*)::int4 from actors.actor where status = 'active' and parked_by is null)
      + (select count(*)::int4 from actors.message) as n`);
  return rows[0]?.n ?? 0;
}

/** What is not finished, for the message of a failing test. */
async function leftovers(database: TestDatabase): Promise<unknown> {
  const { rows } = await database.pg().query(`
    select a.id, a.machine, a.state, a.effects, a.timers, w.due_at - actors.clock() as due_in, w.redeliveries
    from actors.actor a left join actors.wake w on w.actor_id = a.id
    where a.status = 'active' and a.parked_by is null
    union all
    select target_id, target_machine, 'message', event, null, due_at - actors.clock(), redeliveries from actors.message`);
  return rows;
}

async function factsOf(database: TestDatabase, id: string): Promise<Facts> {
  const { rows } = await database.pg().query<Facts>(
    `select e.status, e.failure_code as failure,
       p.status || case when p.captured_cents > 0 then ' ' || p.captured_cents - p.refunded_cents else '' end as payment,
       r.status as reservation, o.status as "purchaseOrder", m.outcome as notice
     from ledger.entry e
     left join payments.payment p on p.authorize_key = e.id::text || ':payments.authorize'
     left join inventory.reservation r on r.order_id = e.id
     left join orders.purchase_order o on o.id = e.id
     left join notice.mailbox m on m.order_id = e.id
     where e.id = $1`,
    [id],
  );
  if (!rows[0]) throw new Error(`no order ${id}`);
  return rows[0];
}
