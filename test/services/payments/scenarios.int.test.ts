import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../../src/http/app.ts';
import { openPool } from '../../../src/persistence/pool.ts';
import type { PaymentsOptions } from '../../../src/services/payments/plugin.ts';
import { useDatabase } from '../../support/database.ts';
import { entriesOf, assertConsistent, type Gateway, newKey, openGateway, paymentBody } from './gateway.ts';

const database = useDatabase();
const gateways: Gateway[] = [];
let gateway: Gateway;

async function open(options: Partial<PaymentsOptions> = {}, prepare?: (app: App) => void): Promise<Gateway> {
  const opened = await openGateway(database.pool(), options, prepare);
  gateways.push(opened);
  return opened;
}

beforeAll(async () => {
  gateway = await open();
});
afterEach(() => assertConsistent(database.pg()));
afterAll(async () => {
  await Promise.all(gateways.map(({ app }) => app.close()));
});

describe('tokens that decline', () => {
  test.each([
    ['tok_decline_insufficient', 'insufficient_funds'],
    ['tok_decline_expired', 'expired_card'],
    ['tok_decline_stolen', 'stolen_card'],
    ['tok_decline_whatever', 'generic_decline'],
  ])('%s → 402 %s', async (token, declineCode) => {
    const key = newKey();
    const { status, body, headers } = await gateway.authorize(token, key);
    expect(status).toBe(402);
    expect(body).toEqual({
      type: 'urn:waybill:problem:payment_declined',
      title: 'The payment was declined',
      status: 402,
      error: 'payment_declined',
      decline_code: declineCode,
      authorization_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...amounts({ authorized_cents: 0 }),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(await entriesOf(database.pg(), key)).toEqual(['decline 5000']);
    const capture = await gateway.post(`/payments/capture/${String(body['authorization_id'])}`, {
      idempotency_key: newKey(),
    });
    expect(capture.body).toMatchObject({ status: 409, error: 'authorization_declined' });
  });
});

test('capture_declined: authorizes, refuses every capture, and can be voided', async () => {
  const key = newKey();
  const id = await gateway.authorized('tok_capture_declined', key);
  const captureKey = newKey();
  for (const idempotency_key of [captureKey, captureKey, newKey()]) {
    const { body } = await gateway.post(`/payments/capture/${id}`, { idempotency_key });
    expect(body).toMatchObject({ status: 402, error: 'capture_declined' });
  }
  const { body } = await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() });
  expect(body).toEqual(paymentBody(id, 'voided', { voided_cents: 5000 }));
  expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'void 5000']);
});

test('auth_expires: gone when captured; its void answers what expired', async () => {
  const key = newKey();
  const id = await gateway.authorized('tok_auth_expires', key);
  for (const idempotency_key of [newKey(), newKey()]) {
    const { body } = await gateway.post(`/payments/capture/${id}`, { idempotency_key });
    expect(body).toMatchObject({ status: 409, error: 'authorization_expired', expired_cents: 5000 });
  }
  const voided = await gateway.post('/payments/void', { authorize_idempotency_key: key, idempotency_key: newKey() });
  expect(voided).toMatchObject({ status: 200, body: paymentBody(id, 'expired', { expired_cents: 5000 }) });
  expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'expire 5000']);
});

test('auth_expires: voided before it is captured, it is voided', async () => {
  const id = await gateway.authorized('tok_auth_expires', newKey());
  const { body } = await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() });
  expect(body).toEqual(paymentBody(id, 'voided', { voided_cents: 5000 }));
});

describe('transient faults', () => {
  test('flaky_2: the first two calls of each operation answer 503 and do nothing', async () => {
    const key = newKey();
    const authorize = () => gateway.authorize('tok_flaky_2', key);
    expect(await statuses(authorize, 4)).toEqual([503, 503, 200, 200]);
    const id = await idOf(key);
    const capture = body(`/payments/capture/${id}`);
    expect(await statuses(capture, 4)).toEqual([503, 503, 200, 200]);
    expect(await statuses(body('/payments/void', { authorize_idempotency_key: key }), 4)).toEqual([503, 503, 409, 409]);
    expect(await statuses(body(`/payments/refund/${id}`), 4)).toEqual([503, 503, 200, 200]);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 5000', 'refund 5000']);
  });

  test('a 503 asks for a retry', async () => {
    const { body: problem, headers } = await gateway.authorize('tok_flaky_1', newKey());
    expect(problem).toMatchObject({ status: 503, error: 'service_unavailable' });
    expect(headers['retry-after']).toBe('1');
  });

  test('each payment counts its own faults', async () => {
    const results = [newKey(), newKey()].map((key) => statuses(() => gateway.authorize('tok_flaky_1', key), 2));
    expect(await Promise.all(results)).toEqual([
      [503, 200],
      [503, 200],
    ]);
  });

  test('void_fails_2: by id and by key count together', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_void_fails_2', key);
    const answers = [
      await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() }),
      await gateway.post('/payments/void', { authorize_idempotency_key: key, idempotency_key: newKey() }),
      await gateway.post('/payments/void', { authorize_idempotency_key: key, idempotency_key: newKey() }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
  });

  test('refund_fails_1: only the refund fails, once', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_refund_fails_1', key);
    expect(await statuses(body(`/payments/capture/${id}`), 1)).toEqual([200]);
    expect(await statuses(body(`/payments/refund/${id}`), 2)).toEqual([503, 200]);
  });

  test('MOCK_FAILURE_RATE: calls struck by chance do nothing; lookups are spared', async () => {
    const chances = [0.049, 0.05];
    const unlucky = await open({ weather: { latencyMs: 0, failureRate: 0.05 }, random: () => chances.shift() ?? 1 });
    const key = newKey();
    expect((await unlucky.authorize('tok_visa', key)).body).toMatchObject({
      status: 503,
      error: 'service_unavailable',
    });
    expect((await unlucky.get(`/payments?idempotency_key=${key}`)).status).toBe(404);
    expect((await unlucky.authorize('tok_visa', key)).status).toBe(200);
  });

  test('MOCK_FAILURE_RATE: a malformed call is refused for what it is', async () => {
    const unlucky = await open({ weather: { latencyMs: 0, failureRate: 1 }, random: () => 0 });
    expect((await unlucky.post('/payments/authorize', {})).status).toBe(400);
  });

  test('MOCK_LATENCY_MS delays a call, and nothing is locked meanwhile', async () => {
    const slow = await open({ weather: { latencyMs: 60_000, failureRate: 0 } });
    const key = newKey();
    const late = slow.authorize('tok_visa', key);
    expect((await gateway.authorize('tok_visa', key)).status).toBe(200);
    // Draining cuts the latency short; the call itself is still carried out.
    await slow.app.close();
    expect((await late).headers['idempotent-replayed']).toBe('true');
  });
});

describe('capture_timeout', () => {
  test('over HTTP: the capture happens, its answer never comes, and a repeat gets it', async () => {
    const server = await open();
    const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
    const key = newKey();
    const id = await server.authorized('tok_capture_timeout', key);
    const captureKey = newKey();
    const capture = (signal?: AbortSignal) =>
      fetch(`${url}/payments/capture/${id}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ idempotency_key: captureKey }),
        ...(signal && { signal }),
      });
    await expect(capture(AbortSignal.timeout(300))).rejects.toThrow(/timeout/i);
    const repeated = await capture();
    expect([repeated.status, await repeated.json()]).toEqual([
      200,
      paymentBody(id, 'captured', { captured_cents: 5000 }),
    ]);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 5000']);
  });

  test('over HTTP: the answer is held no longer than the client waits', async () => {
    const letGo = Promise.withResolvers<number>();
    const server = await open({ withholdMs: 600_000 }, (app) => {
      app.addHook('onSend', async (_request, reply) => {
        if (reply.statusCode === 504) letGo.resolve(reply.statusCode);
      });
    });
    const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
    const id = await server.authorized('tok_capture_timeout', newKey());
    const giveUp = new AbortController();
    const response = fetch(`${url}/payments/capture/${id}`, {
      method: 'POST',
      headers: { 'idempotency-key': newKey() },
      signal: giveUp.signal,
    });
    await captured(id);
    giveUp.abort();
    await expect(response).rejects.toThrow(/abort/i);
    expect(await letGo.promise).toBe(504);
  });

  test('a client that waits gets 504 in the end', async () => {
    const impatient = await open({ withholdMs: 20 });
    const id = await impatient.authorized('tok_capture_timeout', newKey());
    const captureKey = newKey();
    const first = await impatient.post(`/payments/capture/${id}`, { idempotency_key: captureKey });
    expect(first.body).toMatchObject({ status: 504, error: 'gateway_timeout' });
    const second = await impatient.post(`/payments/capture/${id}`, { idempotency_key: captureKey });
    expect(second.body).toEqual(paymentBody(id, 'captured', { captured_cents: 5000 }));
  });

  test('draining lets go of held answers', async () => {
    const draining = await open();
    const id = await draining.authorized('tok_capture_timeout', newKey());
    const held = draining.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    await captured(id);
    await draining.app.close();
    expect((await held).status).toBe(504);
  });

  test('a refusal is not withheld', async () => {
    const id = await gateway.authorized('tok_capture_timeout', newKey());
    const { status } = await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey(), amount_cents: 5001 });
    expect(status).toBe(409);
  });
});

test('a restart forgets nothing: keys, voids by key, fault counts, payments', async () => {
  const key = newKey();
  const first = await gateway.authorize('tok_refund_fails_1', key);
  const id = String(first.body['authorization_id']);
  const capture = await gateway.post(`/payments/capture/${id}`, { idempotency_key: `${key}-c` });
  await gateway.post(`/payments/refund/${id}`, { idempotency_key: `${key}-r` });
  const voidedKey = newKey();
  await gateway.post('/payments/void', { authorize_idempotency_key: voidedKey, idempotency_key: newKey() });

  const pool = await openPool({ url: database.url(), maxConnections: 2 });
  const restarted = await openGateway(pool);
  try {
    expect((await restarted.authorize('tok_refund_fails_1', key)).text).toBe(first.text);
    expect((await restarted.post(`/payments/capture/${id}`, { idempotency_key: `${key}-c` })).text).toBe(capture.text);
    expect((await restarted.authorize('tok_visa', voidedKey)).body).toMatchObject({ status: 409, error: 'voided' });
    expect((await restarted.post(`/payments/refund/${id}`, { idempotency_key: `${key}-r` })).status).toBe(200);
  } finally {
    await restarted.app.close();
    await pool.end();
  }
});

test('the ledger can only be appended to', async () => {
  await gateway.authorized('tok_visa', newKey());
  for (const statement of ['update payments.entry set amount_cents = 0', 'delete from payments.entry']) {
    await expect(database.pg().query(statement)).rejects.toThrow('append-only');
  }
});

function amounts(over: Record<string, number>) {
  return { captured_cents: 0, voided_cents: 0, refunded_cents: 0, expired_cents: 0, ...over };
}

/** The same call, again and again under one key. */
function body(path: string, over: object = {}) {
  const idempotency_key = newKey();
  return () => gateway.post(path, { idempotency_key, ...over });
}

async function statuses(call: () => Promise<{ status: number }>, times: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < times; i++) seen.push((await call()).status);
  return seen;
}

async function idOf(authorizeKey: string): Promise<string> {
  return String((await gateway.get(`/payments?idempotency_key=${authorizeKey}`)).body['authorization_id']);
}

async function captured(id: string): Promise<void> {
  await expect.poll(async () => (await gateway.get(`/payments/${id}`)).body['status']).toBe('captured');
}
