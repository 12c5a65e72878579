/** Every role is restarted in turn, under load, behind a balancer that obeys `/readyz`: customers notice nothing but a 503. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { roles } from '../../src/config.ts';
import { startBalancer } from '../support/balancer.ts';
import { createDatabase } from '../support/database.ts';
import type { Member } from '../support/fleet.ts';
import { member } from '../support/member.ts';
import { startRedis } from '../support/redis.ts';
import { openShop, type Send } from '../support/shop.ts';
import { readRecords } from '../support/system-records.ts';
import { eventually } from '../support/wait.ts';

/** As an orchestrator does it. */
async function restart(one: Member): Promise<void> {
  await one.kill('SIGTERM');
  expect([one.roles, await one.process().exited]).toEqual([one.roles, { code: 0, signal: null }]);
  await one.restart();
}

/** Several times as long as the balancer needs to look. */
const drainDelayMs = '1000';
const clients = 3;
const pauseMs = 50;

interface Customers {
  readonly accepted: Set<string>;
  /** What no customer may see: a broken connection, or an answer that is neither an order nor a refusal for now. */
  readonly errors: string[];
  stop(): Promise<void>;
}

function startCustomers(send: Send, productId: string): Customers {
  const shop = openShop(send);
  const accepted = new Set<string>();
  const errors: string[] = [];
  const stopping = new AbortController();
  const buy = async (key: string): Promise<void> => {
    for (;;) {
      const answer = await shop
        .place({ items: [{ productId, quantity: 1 }], key })
        .catch((error: unknown) => String(error instanceof Error ? (error.cause ?? error) : error));
      if (typeof answer === 'string') errors.push(`${key}: ${answer}`);
      else if (answer.status === 202)
        return void accepted.add(answer.json<{ order_ledger_id: string }>().order_ledger_id);
      else if (answer.status !== 503 || answer.headers['retry-after'] === undefined)
        errors.push(`${key}: ${answer.status} ${answer.text}`);
      await sleep(pauseMs);
    }
  };
  const buying = Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let n = 0; !stopping.signal.aborted; n += 1) await buy(`rolling-${client}-${n}`);
    }),
  );
  return {
    accepted,
    errors,
    async stop() {
      stopping.abort();
      await buying;
    },
  };
}

it('every role is restarted in turn under load: no customer sees an error, and every accepted order completes', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url, DRAIN_DELAY_MS: drainDelayMs };
  const [orders, inventory, payments] = await Promise.all([
    member('orders', base),
    member('inventory', base),
    member('payments', { ...base, MOCK_LATENCY_MS: '30' }),
  ]);
  const services = { ORDERS_URL: orders.url, INVENTORY_URL: inventory.url, PAYMENTS_URL: payments.url };
  const remote = { ...base, ...services };
  const [edge, all, ...background] = await Promise.all([
    member('edge', remote),
    // With orders and inventory in its own transactions, beside others that call them.
    member('all', { ...base, PAYMENTS_URL: payments.url }),
    member('worker', remote),
    member('relay', base),
    member('console', base),
  ]);
  // Each edge alone, since there must be one; of the others there is none for a while.
  const turns = [[edge], [all], background, [orders, inventory, payments]];
  const fleet = turns.flat();
  const productId = await inventory.shop.product({ stock: 1_000_000 });
  const balancer = startBalancer([edge, all].map(({ url }) => url));
  onTestFinished(balancer.stop);
  const records = readRecords(database.url);
  onTestFinished(() => records.close());
  const customers = startCustomers(balancer.send, productId);
  const goesOn = async (orders: number): Promise<void> => {
    const goal = customers.accepted.size + orders;
    await eventually(() => customers.accepted.size >= goal, { what: `${orders} more orders`, timeoutMs: 60_000 });
  };

  expect(new Set(fleet.flatMap((one) => one.roles))).toEqual(new Set([...roles, 'all']));
  await goesOn(10);
  for (const turn of turns) {
    await Promise.all(turn.map(restart));
    await goesOn(10);
  }
  await customers.stop();
  expect(customers.errors).toEqual([]);
  await records.finished();
  expect(await records.statuses()).toEqual({ COMPLETED: customers.accepted.size });
  expect(await records.findings()).toEqual([]);
}, 400_000);
