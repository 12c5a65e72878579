/** Roles started by hand, each in a process of its own, over one database: who needs whom, and who serves what. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { type Environment, type Member, startMember } from '../support/fleet.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { readRecords, type SystemRecords } from '../support/system-records.ts';
import { eventually } from '../support/wait.ts';
import { connectSocket } from '../support/web-socket.ts';

describe('roles in processes of their own', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let redis: TestRedis | null;
  let base: Environment;
  let kept: SystemRecords;
  let services: Member;
  let edge: Member;
  let worker: Member;
  let productId: string;
  const members: Member[] = [];

  const member = async (roles: string, environment: Environment): Promise<Member> => {
    const started = await startMember(roles, environment);
    members.push(started);
    return started;
  };

  beforeAll(async () => {
    database = await createDatabase();
    redis = await startRedis();
    base = { DATABASE_URL: database.url, REDIS_URL: redis?.url };
    kept = readRecords(database.url);
    services = await member('orders,inventory,payments', base);
    const { url } = services;
    const remote = { ...base, ORDERS_URL: url, INVENTORY_URL: url, PAYMENTS_URL: url };
    [edge, worker] = await Promise.all([member('edge', remote), member('worker', remote)]);
    productId = await services.shop.product({ stock: 1_000 });
  });
  afterAll(async () => {
    await Promise.all(members.map((one) => one.kill()));
    await kept.close();
    await redis?.stop();
    await database.drop();
  });

  const place = (token = 'tok_visa'): Promise<string> =>
    edge.shop.placed({ items: [{ productId, quantity: 1 }], token });
  const completed = (id: string) => edge.shop.until(id, 'COMPLETED', { timeoutMs: 20_000 });

  it('an edge and a worker are enough: orders complete, and timers fire without a relay', async () => {
    const id = await place('tok_flaky_2');
    await completed(id);
    const waits = await kept.query<{ n: number }>(
      `select count(*)::int4 as n from actors.transition where actor_id = $1 and event ->> 'type' like 'xstate.after%'`,
      [id],
    );
    // Two waits each before the authorization and the capture came through.
    expect(waits).toEqual([{ n: 4 }]);
  });

  it('an edge without a worker accepts; what it has accepted goes on when a worker comes', async () => {
    await worker.kill();
    const ids = await Promise.all(Array.from({ length: 10 }, () => place()));
    expect(await Promise.all(ids.map(async (id) => (await edge.shop.find(id)).status))).toEqual(
      ids.map(() => 'AUTHORIZED'),
    );
    await worker.restart();
    await Promise.all(ids.map(completed));
  });

  it('two workers and a relay share the work', async () => {
    const { url } = services;
    const remote = { ...base, ORDERS_URL: url, INVENTORY_URL: url, PAYMENTS_URL: url };
    const [second, relay] = await Promise.all([member('worker', remote), member('relay', base)]);
    const before = await worker.counted('actor_transitions_total');
    const ids = await Promise.all(Array.from({ length: 60 }, () => place()));
    await Promise.all(ids.map(completed));
    await kept.finished();
    expect(await worker.counted('actor_transitions_total')).toBeGreaterThan(before);
    expect(await second.counted('actor_transitions_total')).toBeGreaterThan(0);
    expect(await relay.counted('actor_transitions_total')).toBe(0);
    expect(await kept.findings()).toEqual([]);
  });

  const id = '01890000-0000-7000-8000-000000000000';
  const ofTheEdge = ['/', '/orders', `/orders/${id}`, '/machines', `/actors/${id}`, '/docs', '/openapi.json'];
  const ofOthers = ['/products', `/internal/orders/${id}`, `/payments/${id}`];
  const paths = {
    GET: [...ofTheEdge, ...ofOthers, '/healthz', '/readyz', '/metrics', '/inspect', '/console'],
    POST: ['/orders', '/products', '/reservations', '/payments/authorize', `/actors/${id}/events`],
  } as const;

  /** Status by path, of those that are not 404. */
  async function served({ shop: { send } }: Member): Promise<Readonly<Record<string, number>>> {
    const answers = [
      ...paths.GET.map(async (path) => [`GET ${path}`, (await send({ method: 'GET', path })).status] as const),
      ...paths.POST.map(
        async (path) => [`POST ${path}`, (await send({ method: 'POST', path, body: {} })).status] as const,
      ),
    ];
    return Object.fromEntries((await Promise.all(answers)).filter(([, status]) => status !== 404));
  }

  const healthAndMetrics = { 'GET /healthz': 200, 'GET /readyz': 200, 'GET /metrics': 200 };

  it.each(['worker', 'relay'])('a %s serves health and metrics, nothing else', async (roles) => {
    const found = members.find((one) => one.roles === roles);
    if (!found) throw new Error(`no ${roles}`);
    expect(await served(found)).toEqual(healthAndMetrics);
  });

  it('a console reads and operates, and accepts nothing; it shows orders that others work on', async () => {
    const watching = await member('console', base);
    const { 'GET /console': pages, ...rest } = await served(watching);
    expect(rest).toEqual({
      ...healthAndMetrics,
      'GET /inspect': 426,
      'GET /orders': 200,
      'GET /machines': 200,
      'POST /orders': 405,
      [`POST /actors/${id}/events`]: 400,
    });
    // Its pages may not have been built.
    expect([200, 503]).toContain(pages);
    const order = await place();
    const client = await connectSocket(`${watching.url.replace('http', 'ws')}/inspect?actor=${order}`);
    expect((await client.closed).code).toBe(1000);
    expect(client.events.at(-1)).toMatchObject({ type: '@xstate.snapshot', snapshot: { value: 'completed' } });
    expect(await watching.counted('actor_transitions_total')).toBe(0);
  });

  it('SIGTERM: requests in flight are answered, the exit code is 0, and the rest takes what was left', async () => {
    // Its authorization fails at first: the request waits for the second attempt while the edge is told to go.
    const placing = edge.shop.place({ items: [{ productId, quantity: 1 }], token: 'tok_flaky_1', key: 'in-flight' });
    const begun = async (): Promise<boolean> =>
      (await kept.query(`select from ledger.entry where idempotency_key = 'in-flight'`)).length === 1;
    await eventually(begun, { what: 'the order in flight' });
    await edge.kill('SIGTERM');
    expect(await edge.process().exited).toEqual({ code: 0, signal: null });
    const answer = await placing;
    expect(answer.status).toBe(202);
    await edge.restart();
    const { order_ledger_id: id } = answer.json<{ order_ledger_id: string }>();
    await completed(id);
    for (const one of members) {
      await one.kill('SIGTERM');
      expect([one.roles, await one.process().exited]).toEqual([one.roles, { code: 0, signal: null }]);
    }
    expect(await kept.findings()).toEqual([]);
  });
});
