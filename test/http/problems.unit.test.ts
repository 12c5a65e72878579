import { BackendTerminatedError, StatementTimeoutError, UniqueIntegrityConstraintViolationError } from 'slonik';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pino } from 'pino';
import { StoreError } from '../../src/actors/ports.ts';
import type { App } from '../../src/http/app.ts';
import { expectProblem } from './expect-problem.ts';
import { buildSampleApp } from './sample-app.ts';

let app: App;
let failure: unknown;
let logged = '';
beforeAll(async () => {
  const logger = pino({ level: 'info' }, { write: (line: string) => void (logged += line) });
  app = await buildSampleApp({ logger, failure: () => failure });
  app.get('/taken', {
    schema: { operationId: 'taken' },
    handler: (_request, reply) =>
      reply.problem({ status: 409, error: 'duplicate_sku', title: 'SKU is taken', existing_product_id: 'p1' }),
  });
  app.get('/busy', {
    schema: { operationId: 'busy' },
    handler: (_request, reply) =>
      reply.header('retry-after', '7').problem({ status: 503, error: 'busy', title: 'Busy', detail: 'Later.' }),
  });
});
afterAll(() => app.close());
beforeEach(() => {
  logged = '';
});

const fail = (error: unknown) => {
  failure = error;
  return app.inject({ method: 'POST', url: '/fail' });
};

test('reply.problem sends the whole problem, extension members included', async () => {
  const answer = await app.inject('/taken');
  expect(expectProblem(answer, 409, 'duplicate_sku')).toEqual({
    type: 'urn:waybill:problem:duplicate_sku',
    title: 'SKU is taken',
    status: 409,
    error: 'duplicate_sku',
    existing_product_id: 'p1',
    trace_id: expect.any(String),
  });
  expect(answer.headers['retry-after']).toBe(undefined);
});

test('reply.problem keeps a Retry-After of its own', async () => {
  const answer = await app.inject('/busy');
  expect([expectProblem(answer, 503, 'busy')['detail'], answer.headers['retry-after']]).toEqual(['Later.', '7']);
});

describe('thrown errors', () => {
  test.each([
    ['an unavailable store', new StoreError('unavailable', 'cut off')],
    ['a conflict that was not resolved', new StoreError('conflict', 'deadlock')],
    ['a cut backend', new BackendTerminatedError(new Error('x'))],
    ['a statement timeout', new StatementTimeoutError(new Error('x'))],
    ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ])('%s: 503 with Retry-After, logged as a warning', async (_what, error) => {
    const answer = await fail(error);
    expectProblem(answer, 503, 'service_unavailable');
    expect(answer.headers['retry-after']).toBe('1');
    expect(JSON.parse(logged.split('\n')[0] ?? '')).toMatchObject({ level: 40 });
  });

  test.each([
    ['a bug', new TypeError('x is not a function, says tok_secret')],
    ['statements the store rejects', new StoreError('rejected', 'tok_secret')],
    [
      'a constraint nobody expected',
      new UniqueIntegrityConstraintViolationError(Object.assign(new Error('tok_secret'), { code: '23505' })),
    ],
    ["another library's status code", Object.assign(new Error('tok_secret'), { statusCode: 404, code: 'UND_ERR' })],
    ['a thrown string', 'tok_secret'],
    ['undefined', undefined],
  ])('%s: 500 that says nothing, logged as an error', async (_what, error) => {
    const answer = await fail(error);
    expect(expectProblem(answer, 500, 'internal_error')).toEqual({
      type: 'urn:waybill:problem:internal_error',
      title: 'The service failed',
      status: 500,
      error: 'internal_error',
      trace_id: expect.any(String),
    });
    const line = JSON.parse(logged.split('\n')[0] ?? '');
    expect(line).toMatchObject({ level: 50, trace_id: answer.json<{ trace_id: string }>().trace_id });
  });

  test('a failure to serialize is a 500 too', async () => {
    const broken = await buildSampleApp();
    broken.get('/broken', { schema: { operationId: 'broken' } }, () => ({ total: 1n }));
    expectProblem(await broken.inject('/broken'), 500, 'internal_error');
    await broken.close();
  });
});

test('beyond the bound of requests in flight: 503 with Retry-After; served again once one is answered', async () => {
  const small = await buildSampleApp({ admission: { maxRequestsInFlight: 1 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  small.get('/slow', { schema: { operationId: 'slow' } }, async () => {
    await promise;
    return {};
  });
  const first = small.inject('/slow');
  await small.ready();
  const refused = await small.inject('/orders');
  expectProblem(refused, 503, 'overloaded');
  expect(refused.headers['retry-after']).toBe('1');
  resolve();
  expect((await first).statusCode).toBe(200);
  expect((await small.inject('/orders')).statusCode).toBe(200);
  await small.close();
});

test('the more are refused in a row, the further they are spread by Retry-After; who is let in ends the row', async () => {
  const small = await buildSampleApp({ admission: { maxRequestsInFlight: 1 } });
  let answer = (): void => undefined;
  small.get('/slow', { schema: { operationId: 'slow' } }, async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return {};
  });
  const refusals = async (n: number): Promise<number[]> => {
    const slow = small.inject('/slow');
    await small.ready();
    const told: number[] = [];
    for (let i = 0; i < n; i += 1) told.push(Number((await small.inject('/orders')).headers['retry-after']));
    answer();
    await slow;
    return told;
  };
  const first = await refusals(200);
  expect(first.slice(0, 12)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2]);
  expect(new Set(first.slice(64))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
  expect(await refusals(1)).toEqual([1]);
  await small.close();
});

test('a route with a bound of its own is refused beyond it; other routes are served', async () => {
  const own = await buildSampleApp();
  const { promise, resolve } = Promise.withResolvers<void>();
  own.get('/slow', { config: { maxInFlight: () => 1 }, schema: { operationId: 'slow' } }, async () => {
    await promise;
    return {};
  });
  const first = own.inject('/slow');
  await own.ready();
  const refused = await own.inject('/slow');
  expectProblem(refused, 503, 'overloaded');
  expect((await own.inject('/orders')).statusCode).toBe(200);
  resolve();
  expect((await first).statusCode).toBe(200);
  expect((await own.inject('/slow')).statusCode).toBe(200);
  await own.close();
});
