import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, expect, test, vi } from 'vitest';
import { type App, buildApp } from '../../src/http/app.ts';
import { drain } from '../../src/http/drain.ts';
import health from '../../src/http/health.ts';
import { type Answer, expectProblem } from './expect-problem.ts';

let app: App;
let started: number;
let finish: PromiseWithResolvers<void>;
/** Holds the app between closing and closed, where it otherwise is for an instant. */
let closeGate: PromiseWithResolvers<void>;

beforeEach(async () => {
  started = 0;
  finish = Promise.withResolvers();
  closeGate = Promise.withResolvers();
  app = await buildApp();
  await app.register(health, { checks: [] });
  app.get('/slow', { schema: { operationId: 'slow' } }, async () => {
    started++;
    await finish.promise;
    return { done: true };
  });
  app.addHook('preClose', () => closeGate.promise);
  await app.listen({ host: '127.0.0.1', port: 0 });
});

/** One request over an agent's connection. */
function get(path: string, agent: Agent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { port } = app.server.address() as AddressInfo;
  const sent = httpRequest({ host: '127.0.0.1', port, path, agent }, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => (body += text));
    response.on('end', () => resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body }));
  });
  sent.on('error', reject);
  sent.end();
  return promise;
}

const freshAgent = (): Agent => new Agent({ keepAlive: true });

test('a running request is answered; nothing new is accepted; then the app is closed', async () => {
  closeGate.resolve();
  const running = get('/slow', freshAgent());
  await vi.waitFor(() => expect(started).toBe(1));
  let closed = false;
  const drained = drain(app, { graceMs: 60_000 }).then(() => (closed = true));
  await vi.waitFor(() => expect(app.server.listening).toBe(false));
  expect(closed).toBe(false);
  finish.resolve();
  expect(await running).toMatchObject({ statusCode: 200, headers: { connection: 'close' }, body: '{"done":true}' });
  await drained;
});

test('while it is only leaving, requests are served but connections are not kept', async () => {
  closeGate.resolve();
  const agent = freshAgent();
  expect((await get('/healthz', agent)).headers['connection']).toBe('keep-alive');
  const drained = drain(app, { lameDuckMs: 300 });
  expectProblem(await get('/readyz', agent), 503, 'not_ready');
  finish.resolve();
  expect(await get('/slow', agent)).toMatchObject({ statusCode: 200, headers: { connection: 'close' } });
  await drained;
});

test('a request that still comes once it is closing: 503 with Retry-After; probes are answered', async () => {
  const drained = drain(app);
  await vi.waitFor(() => expect(app.lifecycle.closing.aborted).toBe(true));
  const refused = await get('/slow', freshAgent());
  expectProblem(refused, 503, 'shutting_down');
  expect([refused.headers['retry-after'], refused.headers['connection'], started]).toEqual(['1', 'close', 0]);
  expect((await get('/healthz', freshAgent())).statusCode).toBe(200);
  closeGate.resolve();
  await drained;
});

test('a request that does not end is cut off after the grace time', async () => {
  closeGate.resolve();
  const running = get('/slow', freshAgent());
  await vi.waitFor(() => expect(started).toBe(1));
  const [cut] = await Promise.allSettled([running, drain(app, { graceMs: 20 })]);
  expect(cut).toMatchObject({ status: 'rejected', reason: { message: 'socket hang up' } });
});
