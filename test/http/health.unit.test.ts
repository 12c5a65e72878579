import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { type App, buildApp } from '../../src/http/app.ts';
import health, { type HealthOptions } from '../../src/http/health.ts';
import { expectProblem } from './expect-problem.ts';

let app: App | undefined;
afterEach(() => app?.close());

async function appWith(options: HealthOptions): Promise<App> {
  app = await buildApp({ logger: pino({ level: 'silent' }) });
  await app.register(health, options);
  return app;
}
const well = { name: 'postgres', check: () => Promise.resolve() };

test('alive and ready while all checks pass', async () => {
  const running = await appWith({ checks: [well] });
  expect((await running.inject('/healthz')).json()).toEqual({ status: 'alive' });
  expect((await running.inject('/readyz')).json()).toEqual({ status: 'ready', checks: ['postgres'] });
});

test('not ready names what fails, not why; still alive; ready again once it is back', async () => {
  let broken = true;
  const redis = {
    name: 'redis',
    check: () => (broken ? Promise.reject(new Error('password tok_secret')) : Promise.resolve()),
  };
  const thrower = {
    name: 'queue',
    check: () => {
      if (broken) throw new Error('sync');
      return Promise.resolve();
    },
  };
  const running = await appWith({ checks: [well, redis, thrower] });
  const answer = await running.inject('/readyz');
  expect(expectProblem(answer, 503, 'not_ready')['failing']).toEqual(['redis', 'queue']);
  expect(answer.body).not.toContain('tok_secret');
  expect((await running.inject('/healthz')).statusCode).toBe(200);
  broken = false;
  expect((await running.inject('/readyz')).statusCode).toBe(200);
});

test('a check that does not answer in time fails, and is told to stop', async () => {
  let signal: AbortSignal | undefined;
  const stuck = {
    name: 'postgres',
    check: (given: AbortSignal) => {
      signal = given;
      return new Promise<void>(() => {});
    },
  };
  const running = await appWith({ checks: [stuck], timeoutMs: 5 });
  expect(expectProblem(await running.inject('/readyz'), 503, 'not_ready')['failing']).toEqual(['postgres']);
  expect(signal?.aborted).toBe(true);
});

test('probes that come together share one round of checks', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = vi.fn(() => promise);
  const running = await appWith({ checks: [{ name: 'postgres', check }] });
  const probes = [running.inject('/readyz'), running.inject('/readyz'), running.inject('/readyz')];
  await vi.waitFor(() => expect(check).toHaveBeenCalled());
  await running.inject('/healthz');
  resolve();
  expect((await Promise.all(probes)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  expect(check).toHaveBeenCalledTimes(1);
  await running.inject('/readyz');
  expect(check).toHaveBeenCalledTimes(2);
});

test('not ready from the moment it is to leave; alive to the end', async () => {
  const running = await appWith({ checks: [well] });
  await running.ready();
  running.lifecycle.leaving = true;
  expect(expectProblem(await running.inject('/readyz'), 503, 'not_ready')['failing']).toEqual(['draining']);
  expect((await running.inject('/healthz')).statusCode).toBe(200);
});

test('metrics are served as Prometheus text, also under overload', async () => {
  app = await buildApp({ admission: { maxRequestsInFlight: 0 } });
  await app.register(health, { checks: [], metrics: () => Promise.resolve('orders_created_total 1\n') });
  const answer = await app.inject('/metrics');
  expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'orders_created_total 1\n',
  ]);
  expectProblem(await app.inject('/nowhere'), 503, 'overloaded');
});

test('without metrics there is no such route', async () => {
  expectProblem(await (await appWith({ checks: [] })).inject('/metrics'), 404, 'not_found');
});
