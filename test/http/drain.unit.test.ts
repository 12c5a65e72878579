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

beforeEach(async () => {
  started = 0;
  finish = Promise.withResolvers();
  app = await buildApp();
  await app.register(health, { checks: [] });
  app.get('/slow', { schema: { operationId: 'slow' } }, async () => {
    started++;
    await finish.promise;
    return { done: true };
  });
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
  const running = get('/slow', freshAgent());
  await vi.waitFor(() => expect(started).toBe(1));
  let closed = false;
  const drained = drain(app).then(() => (closed = true));
  await vi.waitFor(() => expect(app.server.listening).toBe(false));
  expect(closed).toBe(false);
  finish.resolve();
  expect(await running).toMatchObject({ statusCode: 200, headers: { connection: 'close' }, body: '{"done":true}' });
  await drained;
});

test('while it is only leaving, requests are served but connections are not kept', async () => {
  const agent = freshAgent();
  expect((await get('/healthz', agent)).headers['connection']).toBe('keep-alive');
  const left = Promise.withResolvers<void>();
  const drained = drain(app, { lameDuckMs: 300 }).then(left.resolve);
  expectProblem(await get('/readyz', agent), 503, 'not_ready');
  finish.resolve();
  expect(await get('/slow', agent)).toMatchObject({ statusCode: 200, headers: { connection: 'close' } });
  await left.promise;
  await drained;
});

test('a request that comes on a busy connection once it is closing: 503 with Retry-After; probes are answered', async () => {
  const running = get('/slow', freshAgent());
  await vi.waitFor(() => expect(started).toBe(1));
  const drained = drain(app);
  await vi.waitFor(() => expect(app.lifecycle.closing.aborted).toBe(true));
  // What arrives on a connection that was kept alive reaches the app by the same door.
  const late = (path: string): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    void import('light-my-request').then(({ inject }) =>
      inject((req, res) => app.routing(req, res), { url: path }, (_error, response) => {
        if (response) resolve({ statusCode: response.statusCode, headers: response.headers, body: response.body });
      }),
    );
    return promise;
  };
  const refused = await late('/slow');
  expectProblem(refused, 503, 'shutting_down');
  expect([refused.headers['retry-after'], refused.headers['connection']]).toEqual(['1', 'close']);
  expect((await late('/healthz')).statusCode).toBe(200);
  finish.resolve();
  await running;
  await drained;
});

test('a request that does not end is cut off after the grace time', async () => {
  const running = get('/slow', freshAgent());
  await vi.waitFor(() => expect(started).toBe(1));
  const cut = expect(running).rejects.toThrow('socket hang up');
  await drain(app, { graceMs: 20 });
  await cut;
});
