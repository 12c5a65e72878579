/**
 * A machine is upgraded under load, with real processes of three releases: the running one (order v1), one that knows v1
 * and v2, and one that knows v2 and how to migrate to it. Nobody's order is lost, and each ends on a version somebody runs.
 */
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createDatabase } from '../support/database.ts';
import type { Environment, Member } from '../support/fleet.ts';
import { member } from '../support/member.ts';
import { startLoad } from '../support/load.ts';
import { spawnWaybill } from '../support/process.ts';
import { startRedis } from '../support/redis.ts';
import { makeRelease, type ReleaseOptions } from '../support/release.ts';
import { installClock, type StoreClock } from '../support/store-clock.ts';
import { readRecords, type SystemRecords } from '../support/system-records.ts';
import { eventually } from '../support/wait.ts';

const allButPayments = 'edge,orders,inventory,worker,relay';
const tokens = ['tok_visa', 'tok_visa', 'tok_flaky_1', 'tok_capture_declined', 'tok_visa'];

async function release(options: ReleaseOptions): Promise<string> {
  const made = await makeRelease(options);
  onTestFinished(made.remove);
  return made.bin;
}

/** Runs one command of a release. */
async function run(bin: string, args: readonly string[], env: Environment) {
  const command = spawnWaybill({ command: [process.execPath, bin], args, env });
  const { code } = await command.exited;
  return { code, output: command.output() };
}

interface Group {
  readonly machine: string;
  readonly version: string;
  readonly state: string;
  readonly verdict: string;
  readonly states: Readonly<Record<string, number>>;
  readonly effects: { readonly kept: Readonly<Record<string, number>> };
}

async function check(bin: string, env: Environment) {
  const { code, output } = await run(bin, ['machines', 'check', '--json'], env);
  const line = output.split('\n').find((text) => text.startsWith('{"clean"'));
  if (!line) throw new Error(output);
  const { groups } = JSON.parse(line) as { readonly groups: readonly Group[] };
  const verdicts = groups.map(({ version, state, verdict, states }) =>
    [`v${version} ${state} ${verdict}`, ...Object.keys(states)].join(' → '),
  );
  return { code, verdicts, kept: groups.map(({ effects }) => effects.kept) };
}

/** How many orders of each version have ended, and how many have not. */
async function orders(kept: SystemRecords): Promise<Readonly<Record<string, number>>> {
  const rows = await kept.query<{ what: string; n: number }>(
    `select 'v' || version || ' ' || status as what, count(*)::int4 as n from actors.actor where machine = 'order' group by 1`,
  );
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
}

async function stateOf(kept: SystemRecords, id: string): Promise<{ state: string; version: string; claims: number }> {
  const [actor] = await kept.query<{ state: string; version: string; claims: number }>(
    `select state, version, coalesce((effects -> 0 ->> 'claims')::int4, 0) as claims from actors.actor where id = $1`,
    [id],
  );
  if (!actor) throw new Error(`no order ${id}`);
  return actor;
}

/** Waits until an order has this status; its backoffs pass at once. */
async function reaches(edge: Member, clock: StoreClock, id: string, status: string): Promise<void> {
  const there = async (): Promise<boolean> => {
    await clock.skipBackoffs(id);
    return (await edge.shop.find(id)).status === status;
  };
  await eventually(there, { what: `${id} at ${status}`, timeoutMs: 30_000 });
}

/** One that waits for a person: five attempts to void the money have failed. */
async function parkOne(edge: Member, clock: StoreClock, productId: string): Promise<string> {
  const items = [{ productId, quantity: 1 }];
  const id = await edge.shop.placed({ items, token: 'tok_capture_declined_void_fails_5' });
  await reaches(edge, clock, id, 'NEEDS_ATTENTION');
  return id;
}

/** One whose third attempt has failed: the next is some ten seconds away. */
async function backOffOne(edge: Member, kept: SystemRecords, clock: StoreClock, productId: string): Promise<string> {
  const key = 'backing-off';
  void edge.shop.place({ items: [{ productId, quantity: 1 }], token: 'tok_flaky_3', key }).catch(() => {});
  return eventually(
    async () => {
      const [found] = await kept.query<{ id: string; attempts: string }>(
        `select a.id, a.snapshot #>> '{context,step,attempts}' as attempts from actors.actor a
         join ledger.entry e on e.id::text = a.id where e.idempotency_key = $1 and a.state = 'authorizing.backingOff'`,
        [key],
      );
      if (found?.attempts === '3') return found.id;
      if (found) await clock.skipBackoffs(found.id);
      return null;
    },
    { what: 'an order before its fourth attempt', timeoutMs: 20_000 },
  );
}

/** One whose call hangs in the gateway while its caller dies. */
async function hangOne(edge: Member, payments: Member, kept: SystemRecords, productId: string): Promise<string> {
  const key = 'in-flight';
  await payments.kill('SIGSTOP');
  void edge.shop.place({ items: [{ productId, quantity: 1 }], key }).catch(() => {});
  return eventually(
    async () => {
      const [found] = await kept.query<{ id: string }>(
        `select a.id from actors.actor a join ledger.entry e on e.id::text = a.id
         where e.idempotency_key = $1 and a.effects @> '[{"invoke": "authorize", "claims": 1}]'`,
        [key],
      );
      return found?.id;
    },
    { what: 'an order whose authorization is being asked for' },
  );
}

it('two releases share the work, then a third replaces both: every order ends, migrated ones too', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const redis = await startRedis();
  if (redis) onTestFinished(redis.stop);
  const kept = readRecords(database.url);
  onTestFinished(() => kept.close());
  const plain = new pg.Pool({ connectionString: database.url, max: 1 });
  onTestFinished(() => plain.end());
  const clock = await installClock(plain);
  const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url };
  const [both, lost, next] = await Promise.all([
    release({ versions: ['1', '2'], migrates: false }),
    release({ versions: ['2'], migrates: false }),
    release({ versions: ['2'], migrates: true }),
  ]);
  const payments = await member('payments', { ...base, MOCK_LATENCY_MS: '40' });
  const remote = { ...base, PAYMENTS_URL: payments.url };
  const [a, b] = await Promise.all([member(allButPayments, remote), member(allButPayments, remote, both)]);
  const productId = await a.shop.product({ stock: 100_000 });
  const items = [{ productId, quantity: 1 }];

  // ── A and B share the work ──
  const parked = await parkOne(a, clock, productId);
  const loads = [
    startLoad(a.shop, { clients: 3, tokens, items, name: 'a' }),
    startLoad(b.shop, { clients: 3, tokens, items, name: 'b' }),
  ];
  await Promise.all(loads.map((load) => load.goesOn(20)));
  // What A has begun is finished by B alone.
  await a.kill();
  const restOfFirst = async (): Promise<boolean> => (await orders(kept))['v1 active'] === 1;
  await eventually(restOfFirst, { what: 'B to finish the orders of A', timeoutMs: 30_000 });
  await a.restart();
  await Promise.all(loads.map((load) => load.goesOn(5)));
  await eventually(async () => (await a.counted('actor_unknown_version_total')) > 0, {
    what: 'A to meet an order of v2',
  });
  expect(a.process().output()).toContain('machine version is not registered here');
  await Promise.all(loads.map((load) => load.stop()));
  await kept.finished();
  const shared = await orders(kept);
  expect(shared).toEqual({ 'v1 active': 1, 'v1 done': expect.any(Number), 'v2 done': expect.any(Number) });
  expect([shared['v1 done'] ?? 0, shared['v2 done'] ?? 0].every((n) => n >= 25)).toBe(true);
  expect(await a.counted('actor_transitions_total')).toBeGreaterThan(0);

  // ── C replaces both, while orders of v1 wait for a person, for their next attempt, and for the gateway ──
  const backingOff = await backOffOne(a, kept, clock, productId);
  await clock.freeze();
  const inFlight = await hangOne(a, payments, kept, productId);
  await Promise.all([a.kill(), b.kill()]);
  await payments.kill('SIGCONT');
  expect(await Promise.all([parked, backingOff, inFlight].map((id) => stateOf(kept, id)))).toEqual([
    { state: 'compensating.undoingPayment.parked', version: '1', claims: 0 },
    { state: 'authorizing.backingOff', version: '1', claims: 0 },
    { state: 'authorizing.calling', version: '1', claims: 1 },
  ]);
  expect(await check(lost, base)).toMatchObject({
    code: 1,
    verdicts: [
      'v1 authorizing.backingOff lacks',
      'v1 authorizing.calling lacks',
      'v1 compensating.undoingPayment.parked lacks',
    ],
  });
  expect(await check(next, base)).toEqual({
    code: 0,
    verdicts: [
      'v1 authorizing.backingOff migrates → authorizingPayment.backingOff',
      'v1 authorizing.calling migrates → authorizingPayment.calling',
      'v1 compensating.undoingPayment.parked migrates → compensating.undoingPayment.needsHelp',
    ],
    kept: [{}, { 'payments.authorize': 1 }, {}],
  });
  await clock.run();
  const c = await member(allButPayments, remote, next);
  expect((await c.shop.find(parked)).status).toBe('NEEDS_ATTENTION');
  await c.shop.operate(parked, { type: 'RETRY' });
  const fresh = await c.shop.placed({ items });
  await Promise.all([
    c.shop.until(parked, 'FAILED', { timeoutMs: 20_000 }),
    reaches(c, clock, backingOff, 'COMPLETED'),
    ...[inFlight, fresh].map((id) => c.shop.until(id, 'COMPLETED', { timeoutMs: 40_000 })),
  ]);
  await kept.finished();

  expect(await orders(kept)).toEqual({ 'v1 done': shared['v1 done'], 'v2 done': (shared['v2 done'] ?? 0) + 4 });
  expect(await c.counted('actors_migrated_total')).toBe(3);
  expect((await Promise.all(loads.map((load) => kept.lost(load)))).flat()).toEqual([]);
  expect(await check(next, base)).toEqual({ code: 0, verdicts: [], kept: [] });
  for (const bin of [both, next]) expect(await run(bin, ['audit', '--live'], base)).toMatchObject({ code: 0 });
});
