/** The console about the system as a whole: how it is doing, its machines, what moves; and a console that stands alone. */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { beat, leave } from '../../src/console/heartbeat.ts';
import { keepAudit } from '../../src/console/kept-audit.ts';
import { whatIsDue } from '../../src/console/unfinished.ts';
import { sql } from '../../src/persistence/sql.ts';
import type { LiveOrders, MachineStates, Overview, Session, Verdict } from '../../src/console/schemas.ts';
import { type Stack, useStack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';

const kit = useStack('postgres');
let stack: Stack;
let product = '';

const getFrom = async <T>({ shop }: Stack, path: string, status = 200): Promise<T> => {
  const answer = await shop.send({ method: 'GET', path });
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  return answer.json<T>();
};
const get = <T>(path: string, status = 200): Promise<T> => getFrom<T>(stack, `/console/api${path}`, status);
const placed = (token = 'tok_visa_success'): Promise<string> =>
  stack.shop.placed({ items: [{ productId: product, quantity: 1 }], token });

beforeAll(async () => {
  stack = await kit.start();
  product = await stack.shop.product();
});

describe('the overview', () => {
  it('what was placed and how it ended, in the minute it did', async () => {
    const before = await get<Overview>('/overview');
    expect(before.minutes).toHaveLength(60);
    expect(before.ended).toMatchObject({
      completed: 0,
      success_rate: null,
      time_to_completed_ms: { p50: null, p95: null },
    });
    const completed = await placed();
    await kit.ends(completed, 'COMPLETED');
    const failed = await placed('tok_capture_declined');
    await kit.ends(failed, 'FAILED');
    await stack.shop.place({ items: [{ productId: product, quantity: 1 }], token: 'tok_decline_insufficient' });
    const after = await eventually(async () => {
      const look = await get<Overview>('/overview');
      return look.ended.declined === 1 && look;
    });
    const sum = (of: 'placed' | 'completed' | 'failed' | 'declined'): number =>
      after.minutes.reduce((total, minute) => total + minute[of], 0);
    expect([sum('placed'), sum('completed'), sum('failed'), sum('declined')]).toEqual([3, 1, 1, 1]);
    expect(after.ended).toMatchObject({ completed: 1, failed: 1, cancelled: 0, declined: 1, success_rate: 0.5 });
    expect(after.ended.time_to_completed_ms.p95).toBeGreaterThan(0);
    expect(Date.parse(after.minutes.at(-1)?.at ?? '') % 60_000).toBe(0);
  });

  it('minutes that are over keep their counts, and leave after an hour', async () => {
    const newest = ({ minutes }: Overview): number => Date.parse(minutes.at(-1)?.at ?? '');
    const beforeMs = newest(await get<Overview>('/overview'));
    await kit.clock.jump(10 * 60_000);
    // An answer is kept for a moment, and may be of before.
    const later = await eventually(async () => {
      const look = await get<Overview>('/overview');
      return newest(look) >= beforeMs + 10 * 60_000 && look;
    });
    expect(later.minutes.reduce((total, { placed: orders }) => total + orders, 0)).toBe(3);
    expect(later.minutes.slice(-9).every(({ placed: orders }) => orders === 0)).toBe(true);
    await kit.clock.jump(60 * 60_000);
    await eventually(async () => (await get<Overview>('/overview')).ended.completed === 0);
  });

  it('which roles are filled; one that is gone is missed', async () => {
    const roles = async (): Promise<Readonly<Record<string, number>>> => {
      const overview = await get<Overview>('/overview');
      return Object.fromEntries(overview.roles.map(({ role, processes }) => [role, processes]));
    };
    const worker = await kit.start({ ROLE: 'worker' });
    await eventually(async () => (await roles())['worker'] === 2);
    // Every worker relays too.
    expect(await roles()).toEqual({ edge: 1, orders: 1, inventory: 1, payments: 1, worker: 2, relay: 2, console: 1 });
    await worker.close();
    await eventually(async () => (await roles())['worker'] === 1);
    // Who died could not say goodbye.
    await kit.pg().query(`update console.process set seen_at = seen_at - interval '1 minute'`);
    await eventually(async () => (await roles())['worker'] === 0);
    // It lives after all.
    await eventually(async () => (await roles())['worker'] === 1);
  });

  it('whom a process leaves alone just now, by its circuit breakers', async () => {
    let open: Record<string, string> = { payments: 'open' };
    const self = { id: randomUUID(), roles: ['worker'], version: '1', host: 'h', pid: 1, breakers: () => open };
    const seen = async () =>
      (await get<Overview>('/overview')).processes.find(({ id }) => id === self.id)?.breakers ?? null;
    await beat(kit.pool(), self);
    expect(await eventually(seen)).toEqual({ payments: 'open' });
    open = {};
    await beat(kit.pool(), self);
    await eventually(async () => Object.keys((await seen()) ?? { not: 'yet' }).length === 0);
    await leave(kit.pool(), self.id);
  });

  it('the last audit that was kept, and what reconciliation is at', async () => {
    expect((await get<Overview>('/overview')).audit).toBeNull();
    const report = await audit(kit.pool(), { machines: actorMachines(), live: false });
    await keepAudit(kit.pool(), report, false);
    const overview = await eventually(async () => {
      const look = await get<Overview>('/overview');
      return look.audit && look;
    });
    expect(overview.audit).toMatchObject({
      clean: true,
      is_live: false,
      broken: [],
      holds: report.checks.length,
      actors: report.actors,
    });
    expect(overview.reconciliation.searches.map(({ name }) => name)).toEqual(['moved', 'open', 'recent', 'whole']);
  });

  it('what is due, and the queue', async () => {
    const overview = await get<Overview>('/overview');
    expect(overview.queue).toEqual({ backend: 'postgres', waiting: expect.any(Number) });
    expect(overview.due.rows).toBeGreaterThanOrEqual(0);
  });

  it('how long what is due has been so', async () => {
    const undone = new Error('rolled back: the relay would take it');
    const look = kit.pool().transaction(async (tx) => {
      await tx.query(sql.typeAlias('void')`
        insert into actors.wake (actor_id, due_at) values ('nobody', actors.clock() - interval '9 s'),
          ('somebody', actors.clock() + interval '9 s')`);
      const due = await whatIsDue(tx);
      expect(due.rows).toBeGreaterThanOrEqual(1);
      expect(due.oldest_ms).toBeGreaterThanOrEqual(9_000);
      throw undone;
    });
    await expect(look).rejects.toBe(undone);
  });
});

describe('a machine', () => {
  it('who stands where, how long they stayed, and how its effects came out', async () => {
    const flaky = await placed('tok_flaky_1');
    await kit.ends(flaky, 'COMPLETED');
    const states = await eventually(async () => {
      const look = await get<MachineStates>('/machines/order/states');
      return look.states.some(({ state, outcomes }) => state === 'authorizing.calling' && outcomes.failed > 0) && look;
    });
    expect(states.versions).toEqual([
      { version: '1', structure_hash: expect.any(String), is_registered: true, is_newest: true, unfinished: 0 },
    ]);
    const calling = states.states.find(({ state }) => state === 'authorizing.calling');
    expect(calling).toMatchObject({ version: '1', actors: 0, parked: 0, expected_ms: 2_000 });
    expect(calling?.error_rate).toBeGreaterThan(0);
    expect(calling?.dwell_ms.p95).toBeGreaterThanOrEqual(calling?.dwell_ms.p50 ?? Infinity);
    expect(states.sample.actors).toBeGreaterThan(0);
    await get('/machines/nothing/states', 404);
  });

  it('the verifier’s verdict, made in a thread of its own', async () => {
    const path = '/console/api/machines/order-notice/verdict';
    const first = await stack.shop.send({ method: 'GET', path });
    expect(first.status).toBe(202);
    expect(first.json()).toEqual({ machine: 'order-notice', version: '1', state: 'pending' });
    const proven = await eventually(async () => {
      const answer = await stack.shop.send({ method: 'GET', path });
      return answer.status === 200 && answer.json<Verdict>();
    });
    expect(proven).toMatchObject({ state: 'proven', verdict: { findings: [] } });
    expect(proven.verdict?.properties.every(({ holds }) => holds)).toBe(true);
    await get('/machines/order/verdict?version=7', 404);
  });

  it('two versions compared; the definition says which it is', async () => {
    expect(await get('/machines/order/difference?from=1&to=1')).toEqual({
      id: 'order',
      from: '1',
      to: '1',
      is_same_structure: true,
      states: [],
      transitions: [],
      has_migration: false,
    });
    await get('/machines/order/difference?from=1&to=2', 404);
    await get('/machines/order/difference?from=1', 400);
    expect(await getFrom(stack, '/machines/order')).toMatchObject({ version: '1' });
  });
});

describe('orders as they move', () => {
  const leave = new AbortController();
  afterEach(() => leave.abort());

  it('are told to who watches: once greeted, with where they stand, and nothing of a person', async () => {
    const url = new URL(await stack.waybill.listen());
    const events: { readonly event: string; readonly data: string }[] = [];
    const watching = Promise.withResolvers<void>();
    const call = request({ host: url.hostname, port: url.port, path: '/console/api/live', signal: leave.signal });
    call.on('error', () => undefined);
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('error', () => undefined);
      response.on('data', (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const lines = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          const field = (name: string): string =>
            lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
          if (field('event') !== '') events.push({ event: field('event'), data: field('data') });
          if (field('event') === 'hello') watching.resolve();
        }
      });
    });
    call.end();
    await watching.promise;
    const id = await placed();
    const last = await eventually(() =>
      events
        .filter(({ event }) => event === 'orders')
        .flatMap(({ data }) => (JSON.parse(data) as LiveOrders).orders)
        .findLast((order) => order.id === id && order.status === 'COMPLETED'),
    );
    expect(last).toEqual({
      id,
      status: 'COMPLETED',
      state: 'completed',
      revision: 7,
      total_cents: 2_999,
      currency: 'USD',
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
  });
});

describe('a console of its own', () => {
  it('shows and operates what others have accepted, and accepts nothing itself', async () => {
    const alone = await kit.start({ ROLE: 'console' });
    const id = await placed('tok_capture_declined_void_fails_9');
    await kit.ends(id, 'NEEDS_ATTENTION');
    expect(await getFrom<Session>(alone, '/console/api/session')).toMatchObject({
      has_demo: false,
      order_machine: 'order',
      machines: [
        { id: 'order', versions: ['1'] },
        { id: 'order-notice', versions: ['1'] },
      ],
    });
    for (const path of [
      `/console/api/orders/${id}`,
      `/orders/${id}`,
      `/orders/${id}/history`,
      `/actors/${id}`,
      '/machines',
    ])
      await getFrom(alone, path);
    // The demo corner is not for a database of somebody's own.
    await getFrom(alone, '/console/api/demo', 404);
    const order = { method: 'POST', path: '/orders', headers: { 'idempotency-key': 'k' }, body: {} } as const;
    expect((await alone.shop.send(order)).status).toBe(405);
    await alone.shop.operate(id, { type: 'RETRY' });
    await kit.ends(id, 'FAILED');
  });
});
