import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../src/http/app.ts';
import { expectProblem } from './expect-problem.ts';
import { buildSampleApp } from './sample-app.ts';

const id = '550e8400-e29b-41d4-a716-446655440000';
const order = { user_id: id, amount_cents: 2999 };
const json = { 'content-type': 'application/json', 'idempotency-key': 'key-1' };

let app: App;
beforeAll(async () => {
  app = await buildSampleApp();
});
afterAll(() => app.close());

const post = (payload: string | Buffer, headers: Record<string, string> = json): Promise<unknown> =>
  app.inject({ method: 'POST', url: '/orders', payload, headers });
const postOrder = (change: object) =>
  app.inject({ method: 'POST', url: '/orders', payload: { ...order, ...change }, headers: json });
const inject = (options: InjectOptions) => app.inject(options);

test('a good request passes unchanged', async () => {
  const answer = await postOrder({ note: 'x', gift: false, placed_at: '2026-02-28T23:59:59.123Z' });
  expect({ status: answer.statusCode, body: answer.json() }).toEqual({
    status: 202,
    body: { ...order, note: 'x', gift: false, placed_at: '2026-02-28T23:59:59.123Z' },
  });
});

describe('bodies', () => {
  test.each([
    ['a number as text', { amount_cents: '2999' }, 'body /amount_cents must be integer.'],
    ['a fraction', { amount_cents: 1.5 }, 'body /amount_cents must be integer.'],
    ['more than int4', { amount_cents: 2 ** 31 }, 'body /amount_cents must be <= 2147483647.'],
    ['null for a number', { amount_cents: null }, 'body /amount_cents must be integer.'],
    ['a boolean as number', { gift: 1 }, 'body /gift must be boolean.'],
    ['a boolean as text', { gift: 'true' }, 'body /gift must be boolean.'],
    ['a number for text', { note: 5 }, 'body /note must be string.'],
    ['a list for an object', { items: [[]] }, 'body /items/0 must be object.'],
    ['an object for a list', { items: {} }, 'body /items must be array.'],
    ['an unknown field', { amountCents: 1 }, 'body /amountCents is not a known field.'],
    [
      'an unknown field deep down',
      { items: [{ product_id: id, 'a/b': 1 }] },
      'body /items/0/a~1b is not a known field.',
    ],
    ['a malformed UUID', { user_id: '550e8400' }, 'body /user_id must match format "uuid".'],
    ['a UUID as URN', { user_id: `urn:uuid:${id}` }, 'body /user_id must match format "uuid".'],
    [
      'a day that does not exist',
      { placed_at: '2026-02-30T00:00:00Z' },
      'body /placed_at must match format "date-time".',
    ],
    ['a leap second', { placed_at: '2016-12-31T23:59:60Z' }, 'body /placed_at must match format "date-time".'],
    ['the year 0', { placed_at: '0000-01-01T00:00:00Z' }, 'body /placed_at must match format "date-time".'],
    [
      'an offset no zone has',
      { placed_at: '2026-01-01T00:00:00+23:59' },
      'body /placed_at must match format "date-time".',
    ],
  ])('%s: 400 that names the field', async (_what, change, detail) => {
    const problem = expectProblem(await postOrder(change), 400, 'validation_error');
    expect(problem['detail']).toBe(detail);
    expect(problem['errors']).toHaveLength(1);
  });

  test('a missing field is named', async () => {
    const answer = await inject({ method: 'POST', url: '/orders', payload: { user_id: id }, headers: json });
    expect(expectProblem(answer, 400, 'validation_error')['errors']).toEqual([
      { location: 'body', path: '/amount_cents', message: 'is required' },
    ]);
  });

  test.each([
    ['duplicate keys', `{"user_id":"${id}","amount_cents":1,"amount_cents":2}`],
    ['NUL', `{"user_id":"${id}","amount_cents":1,"note":"\\u0000"}`],
    ['a lone surrogate', `{"user_id":"${id}","amount_cents":1,"note":"\\ud800"}`],
    ['a byte order mark', `\uFEFF{"user_id":"${id}","amount_cents":1}`],
    ['no JSON', '{'],
    ['a number out of range', `{"user_id":"${id}","amount_cents":1e999}`],
    ['JSON null', 'null'],
    ['JSON list', '[]'],
    ['nothing', ''],
  ])('%s: 400', async (_what, text) => {
    const answer = await inject({ method: 'POST', url: '/orders', payload: text, headers: json });
    expectProblem(answer, 400, 'validation_error');
  });

  test('bytes that are not UTF-8: 400', async () => {
    const payload = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expectProblem(await inject({ method: 'POST', url: '/orders', payload, headers: json }), 400, 'validation_error');
  });

  test('a refusal never quotes a value', async () => {
    for (const payload of ['{"user_id":"tok_secret"', JSON.stringify({ ...order, user_id: 'tok_secret' })]) {
      const answer = await inject({ method: 'POST', url: '/orders', payload, headers: json });
      expect(answer.statusCode).toBe(400);
      expect(answer.body).not.toContain('tok_secret');
    }
  });

  test('over 64 KiB: 413, just under: read', async () => {
    const large = await inject({ method: 'POST', url: '/orders', payload: ' '.repeat(64 * 1024 + 1), headers: json });
    expectProblem(large, 413, 'payload_too_large');
    const text = JSON.stringify(order);
    const padded = await inject({
      method: 'POST',
      url: '/orders',
      payload: text + ' '.repeat(64 * 1024 - text.length),
      headers: json,
    });
    expect(padded.statusCode).toBe(202);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonp',
    'json',
    '*/*',
    'application/json; boundary=x',
  ])('content type %s: 415', async (type) => {
    const headers = { ...json, 'content-type': type };
    expectProblem(
      await inject({ method: 'POST', url: '/orders', payload: JSON.stringify(order), headers }),
      415,
      'unsupported_media_type',
    );
  });

  test('no content type: 415', async () => {
    const answer = await inject({
      method: 'POST',
      url: '/orders',
      payload: Buffer.from('{}'),
      headers: { 'idempotency-key': 'k' },
    });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test.each(['application/json;charset=UTF-8', 'Application/JSON; charset="utf-8"'])(
    'content type %s is read',
    async (type) => {
      const headers = { ...json, 'content-type': type };
      expect(await post(JSON.stringify(order), headers)).toMatchObject({ statusCode: 202 });
    },
  );

  test('a content encoding: 415', async () => {
    const headers = { ...json, 'content-encoding': 'gzip' };
    expectProblem(
      await inject({ method: 'POST', url: '/orders', payload: JSON.stringify(order), headers }),
      415,
      'unsupported_media_type',
    );
  });

  test('a body where none is read: 400; an empty object or `curl -d ""` is none', async () => {
    const send = (payload: string, type: string) =>
      inject({ method: 'DELETE', url: `/orders/${id}`, payload, headers: { 'content-type': type } });
    expectProblem(await send('{"force":true}', 'application/json'), 400, 'validation_error');
    expectProblem(await send('null', 'application/json'), 400, 'validation_error');
    expect((await send('{}', 'application/json')).statusCode).toBe(204);
    expect((await send('', 'application/x-www-form-urlencoded')).statusCode).toBe(204);
    expect((await inject({ method: 'DELETE', url: `/orders/${id}` })).statusCode).toBe(204);
  });
});

describe('headers', () => {
  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['too long', 'k'.repeat(256)],
    ['with a space', 'a b'],
    ['beyond ASCII', 'schlüssel'],
  ])('Idempotency-Key %s: 400', async (_what, key) => {
    const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
    const answer = await inject({ method: 'POST', url: '/orders', payload: JSON.stringify(order), headers });
    expect(expectProblem(answer, 400, 'validation_error')['detail']).toContain('idempotency-key');
  });

  test('a write sent by a page of another site: 403; a read is answered', async () => {
    const headers = { ...json, 'sec-fetch-site': 'cross-site' };
    expectProblem(await inject({ method: 'POST', url: '/orders', payload: order, headers }), 403, 'forbidden');
    expect((await inject({ url: '/orders', headers })).statusCode).toBe(200);
  });
});

describe('paths and queries', () => {
  test.each(['/orders/xyz', `/orders/${id}0`, '/orders/%20', `/orders/urn:uuid:${id}`])('%s: 400', async (url) => {
    expect(expectProblem(await inject({ url }), 400, 'validation_error')['detail']).toBe(
      'path /id must match format "uuid".',
    );
  });

  test.each([
    '/names/a%00',
    '/names/%ED%A0%80',
    '/names/%',
    '/names/%zz',
    '/names/%C0%80',
    '/orders?cursor=%00',
    '/orders?%00=1',
    '/orders?status=a&status=%00',
  ])('%s: 400', async (url) => {
    expectProblem(await inject({ url }), 400, 'validation_error');
  });

  test.each([
    'limit=abc',
    'limit=0',
    'limit=101',
    'limit=',
    'limit=1&limit=2',
    'limit=1e1',
    'open=1',
    'user=x',
    'unknown=1',
    '__proto__=1',
  ])('/orders?%s: 400', async (query) => {
    const problem = expectProblem(await inject({ url: `/orders?${query}` }), 400, 'validation_error');
    expect(problem['detail']).toContain(`query /${query.split('=', 1)[0]}`);
  });

  test('a query is read by its schema', async () => {
    const answer = await inject({ url: `/orders?limit=5&open=false&status=a&user=${id.toUpperCase()}` });
    expect(answer.json()).toEqual({ limit: 5, open: false, status: ['a'], user: id });
    expect((await inject({ url: '/orders' })).json()).toEqual({ limit: 20 });
  });

  test('UUIDs are taken in either case and come out in one', async () => {
    expect((await inject({ url: `/orders/${id.toUpperCase()}` })).json()).toEqual({ id });
  });

  test('a path part beyond bounds: 414', async () => {
    expectProblem(await inject({ url: `/names/${'x'.repeat(101)}` }), 414, 'uri_too_long');
  });

  test('an unknown path: 404, whatever the body', async () => {
    for (const payload of [undefined, '{', 'x'.repeat(100)]) {
      const answer = await inject({
        method: 'POST',
        url: '/nowhere',
        headers: { 'content-type': 'text/plain' },
        ...(payload ? { payload } : {}),
      });
      expectProblem(answer, 404, 'not_found');
    }
    expectProblem(await inject({ url: '/orders-and-more' }), 404, 'not_found');
  });

  test('a known path with another method: 405 with Allow', async () => {
    const answer = await inject({ method: 'PUT', url: `/orders/${id}?x=1` });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers['allow']).toBe('DELETE, GET, HEAD');
  });

  test('HEAD answers as GET, without a body', async () => {
    const [head, get] = [await inject({ method: 'HEAD', url: '/orders' }), await inject({ url: '/orders' })];
    expect([head.statusCode, head.headers['content-length'], head.body]).toEqual([
      200,
      get.headers['content-length'],
      '',
    ]);
  });
});

test('every answer says whose trace it is and how it may be read', async () => {
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
  for (const url of ['/orders', '/orders/x', '/nowhere']) {
    const { headers } = await inject({ url, headers: { traceparent } });
    expect(headers['traceresponse']).toMatch(new RegExp(`^00-${'ab'.repeat(16)}-[0-9a-f]{16}-01$`));
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
  }
  expect(
    expectProblem(await inject({ url: '/names/%', headers: { traceparent } }), 400, 'validation_error')['trace_id'],
  ).toBe('ab'.repeat(16));
});
