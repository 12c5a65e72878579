import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem } from '../../http/expect-problem.ts';
import { email, token, useEdge, userId } from './edge.ts';

const edge = useEdge();
let product: string;
beforeAll(async () => {
  product = await edge.product();
});

const send = (payload: string | Buffer, headers: Record<string, string> = {}) =>
  edge.app().inject({
    method: 'POST',
    url: '/orders',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...headers },
    payload,
  });
const sendBody = (over: object) => send(JSON.stringify(edge.body(product, over)));
const lines = (...quantities: unknown[]) => ({
  items: quantities.map((quantity) => ({ product_id: product, quantity })),
});

describe('POST /orders refuses', () => {
  test.each<[string, () => object]>([
    ['quantity 0', () => lines(0)],
    ['a negative quantity', () => lines(-1)],
    ['a huge quantity', () => lines(1_000_001)],
    ['a quantity beyond int4', () => lines(2 ** 31)],
    ['a quantity beyond 2^53', () => lines(1e300)],
    ['a fraction', () => lines(1.5)],
    ['a quantity as text', () => lines('1')],
    ['a boolean quantity', () => lines(true)],
    ['a missing quantity', () => ({ items: [{ product_id: product }] })],
    ['more than a million in two lines', () => lines(1_000_000, 1)],
    ['no items', () => ({ items: [] })],
    ['101 items', () => lines(...Array.from({ length: 101 }, () => 1))],
    ['items that are an object', () => ({ items: {} })],
    ['a price of the client', () => ({ items: [{ product_id: product, quantity: 1, unit_price_cents: 1 }] })],
    ['an unknown field', () => ({ discount: 10 })],
    ['an unknown field of the payment', () => ({ payment: { method: 'card', token, cvc: '123' } })],
    ['another payment method', () => ({ payment: { method: 'cash', token } })],
    ['an empty token', () => ({ payment: { method: 'card', token: '' } })],
    ['a token of 256 characters', () => ({ payment: { method: 'card', token: 'x'.repeat(256) } })],
    ['a token that cannot be printed', () => ({ payment: { method: 'card', token: 'tok\nvisa' } })],
    ['a missing payment', () => ({ payment: undefined })],
    ['a malformed product id', () => ({ items: [{ product_id: 'mouse', quantity: 1 }] })],
    ['a malformed user id', () => ({ user_id: `${userId}0` })],
    ['a user id as URN', () => ({ user_id: `urn:uuid:${userId}` })],
    ['a malformed e-mail', () => ({ email: 'nobody' })],
    ['an e-mail of 255 characters', () => ({ email: `${'x'.repeat(243)}@example.com` })],
    ['null for the user', () => ({ user_id: null })],
    ['NUL in the token', () => ({ payment: { method: 'card', token: 'a\0b' } })],
    ['NUL in the e-mail', () => ({ email: 'a\0b@example.com' })],
    ['a lone surrogate', () => ({ email: 'a\ud800b@example.com' })],
  ])('%s: 400 validation_error', async (_what, over) => {
    expectProblem(await sendBody(over()), 400, 'validation_error');
  });

  test.each([
    ['duplicate keys', `{"user_id":"${userId}","user_id":"${userId}"}`],
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing', ''],
    ['half a body', '{"user_id":'],
  ])('%s: 400 validation_error', async (_what, text) => {
    expectProblem(await send(text), 400, 'validation_error');
  });

  test('duplicate keys deep down: 400', async () => {
    const text = JSON.stringify(edge.body(product)).replace('"quantity":2', '"quantity":2,"quantity":3');
    expectProblem(await send(text), 400, 'validation_error');
  });

  test('more than 64 KiB: 413', async () => {
    const text = JSON.stringify(edge.body(product));
    expectProblem(await send(text + ' '.repeat(64 * 1024)), 413, 'payload_too_large');
  });

  test.each([
    ['another content type', { 'content-type': 'text/plain' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['a content encoding', { 'content-encoding': 'gzip' }],
  ])('%s: 415', async (_what, headers) => {
    expectProblem(await send(JSON.stringify(edge.body(product)), headers), 415, 'unsupported_media_type');
  });

  test.each([
    ['an empty', ''],
    ['a key of 256 characters', 'k'.repeat(256)],
    ['a key with spaces', 'a b'],
  ])('%s Idempotency-Key: 400', async (_what, key) => {
    const answer = await send(JSON.stringify(edge.body(product)), { 'idempotency-key': key });
    expectProblem(answer, 400, 'validation_error');
  });

  test('a missing Idempotency-Key: 400', async () => {
    const answer = await edge.app().inject({ method: 'POST', url: '/orders', payload: edge.body(product) });
    expect(expectProblem(answer, 400, 'validation_error')['detail']).toBe('header /idempotency-key is required.');
  });

  test('two Idempotency-Keys: 400', async () => {
    await edge.app().listen({ host: '127.0.0.1', port: 0 });
    const { port } = edge.app().server.address() as AddressInfo;
    const body = JSON.stringify(edge.body(product));
    const answer = await rawRequest(
      port,
      `POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"error":"validation_error"');
  });

  test('says which field, and never its value', async () => {
    const answer = await sendBody({ email: 'secret.address' });
    expect(expectProblem(answer, 400, 'validation_error')['detail']).toBe('body /email must match format "email".');
    expect(answer.body).not.toContain('secret');
    expect(answer.body).not.toContain(email);
  });
});

describe('other routes refuse', () => {
  test.each([
    ['GET', '/orders/42'],
    ['GET', '/orders/%00'],
    ['GET', '/orders/42/history'],
    ['GET', '/orders/42/events'],
    ['POST', '/orders/42/cancel'],
    ['GET', '/orders?limit=0'],
    ['GET', '/orders?limit=101'],
    ['GET', '/orders?limit=ten'],
    ['GET', '/orders?status=DONE'],
    ['GET', '/orders?user_id=me'],
    ['GET', '/orders?product_id=it'],
    ['GET', '/orders?created_after=yesterday'],
    ['GET', '/orders?created_before=2026-02-30T00:00:00Z'],
    ['GET', '/orders?cursor=x'],
    ['GET', `/orders?cursor=999999999999999999_${userId}`],
    ['GET', `/orders?cursor=1_${userId}'`],
    ['GET', '/orders?sort=total'],
    ['GET', `/orders/${userId}/history?cursor=-1`],
    ['GET', `/orders/${userId}/history?cursor=99999999999`],
  ] as const)('%s %s: 400 validation_error', async (method, url) => {
    expectProblem(await edge.app().inject({ method, url }), 400, 'validation_error');
  });

  test.each([
    ['GET', `/orders/${userId}`],
    ['GET', `/orders/${userId}/history`],
    ['GET', `/orders/${userId}/events`],
    ['POST', `/orders/${userId}/cancel`],
  ] as const)('%s %s of an order that does not exist: 404', async (method, url) => {
    expectProblem(await edge.app().inject({ method, url }), 404, 'order_not_found');
  });

  test('the farthest instants are looked for, and nothing is found', async () => {
    const url = `/orders?created_after=0001-01-02T00:00:00Z&created_before=9999-12-30T00:00:00Z&cursor=99999999999999_${userId}`;
    const answer = await edge.get(url);
    expect([answer.status, answer.json()]).toEqual([200, { items: [] }]);
  });
});

test('whatever a field holds: a 4xx problem, never a 500', async () => {
  const field = fc.constantFrom(
    'user_id',
    'email',
    'items',
    'payment',
    'product_id',
    'quantity',
    'method',
    'token',
    'x',
  );
  const marker = randomUUID();
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: 'binary' }), fc.integer(), fc.emailAddress());
  await fc.assert(
    fc.asyncProperty(field, value, async (name, changed) => {
      // Its product does not exist, so the best that it can get is a refusal.
      const body = { ...edge.body(randomUUID()), ...(name === 'x' ? { x: changed } : {}) };
      // By way of the text: a value may itself hold the key.
      const marked = JSON.stringify(body, (key, was: unknown) => (key === name ? marker : was));
      const text = marked.replaceAll(`"${marker}"`, () => JSON.stringify(changed));
      const answer = await send(text);
      expectProblem(answer, answer.statusCode, answer.json<{ error: string }>().error);
      expect([400, 422]).toContain(answer.statusCode);
    }),
    { numRuns: 300, examples: [['x', { x: false }]] },
  );
});

test('whatever is refused here leaves no trace in the database', async () => {
  const { rows } = await edge.pg().query(
    `select (select count(*)::int from ledger.entry) as entries, (select count(*)::int from actors.actor) as actors,
       (select count(*)::int from payments.request) as requests`,
  );
  expect(rows).toEqual([{ entries: 0, actors: 0, requests: 0 }]);
});

function rawRequest(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('end', () => resolve(answer));
  socket.on('error', reject);
  return promise;
}
