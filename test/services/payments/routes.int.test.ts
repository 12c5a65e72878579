import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import {
  authorizeBody,
  entriesOf,
  assertConsistent,
  type Gateway,
  newKey,
  openGateway,
  paymentBody,
  userId,
} from './gateway.ts';

const database = useDatabase();
const nobody = '0198f3a0-0000-7000-8000-00000000dead';
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway(database.pool());
});
afterEach(() => assertConsistent(database.pg()));
afterAll(() => gateway.app.close());

describe('authorize', () => {
  test('holds the amount', async () => {
    const key = newKey();
    const { status, body } = await gateway.authorize('tok_visa_success', key);
    expect({ status, body }).toEqual({
      status: 200,
      body: paymentBody(String(body['authorization_id']), 'authorized'),
    });
    expect(body['authorization_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000']);
  });

  test('a free order can be authorized, captured and refunded', async () => {
    const key = newKey();
    const { body } = await gateway.authorize('tok_visa_success', key, { amount_cents: 0 });
    const id = String(body['authorization_id']);
    const free = (status: string) => paymentBody(id, status, { authorized_cents: 0 });
    expect((await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() })).body).toEqual(
      free('captured'),
    );
    expect((await gateway.post(`/payments/refund/${id}`, { idempotency_key: newKey() })).body).toEqual(
      free('refunded'),
    );
  });

  test.each([
    ['user_id', 'nobody'],
    ['user_id', `urn:uuid:${userId}`],
    ['amount_cents', -1],
    ['amount_cents', 1.5],
    ['amount_cents', '5000'],
    ['amount_cents', 2_147_483_648],
    ['currency', 'usd'],
    ['payment_token', ''],
    ['payment_token', 'x'.repeat(256)],
    ['payment_token', 'tok\u0000'],
    ['idempotency_key', ''],
    ['idempotency_key', 'k'.repeat(256)],
    ['unknown', 1],
  ])('%s = %j is 400', async (field, value) => {
    const { status, body } = await gateway.authorize('tok_visa_success', newKey(), { [field]: value });
    expect([status, body['error']]).toEqual([400, 'validation_error']);
  });

  test.each(['user_id', 'amount_cents', 'currency', 'payment_token', 'idempotency_key'])(
    'no %s is 400',
    async (field) => {
      const { [field]: _left, ...body } = { ...authorizeBody('tok', newKey()) } as Record<string, unknown>;
      const answer = await gateway.post('/payments/authorize', body);
      expect([answer.status, answer.body['error']]).toEqual([400, 'validation_error']);
    },
  );
});

describe('capture', () => {
  test('takes what is held', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    const { status, body } = await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    expect({ status, body }).toEqual({ status: 200, body: paymentBody(id, 'captured', { captured_cents: 5000 }) });
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 5000']);
  });

  test('of a part gives the rest back, under the key of the capture', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    const { body } = await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey(), amount_cents: 1200 });
    expect(body).toEqual(paymentBody(id, 'captured', { captured_cents: 1200, voided_cents: 3800 }));
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 1200', 'release 3800']);
  });

  test('of more than was authorized is 409, and then of all of it succeeds', async () => {
    const id = await gateway.authorized('tok_visa_success', newKey());
    const more = await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey(), amount_cents: 5001 });
    expect([more.status, more.body['error']]).toEqual([409, 'capture_exceeds_authorization']);
    expect((await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() })).status).toBe(200);
  });

  test('a second one, under another key, is 409 already_captured', async () => {
    const id = await gateway.authorized('tok_visa_success', newKey());
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const { status, body } = await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    expect([status, body['error'], body['authorization_id']]).toEqual([409, 'already_captured', id]);
  });

  test('after void is 409 authorization_voided', async () => {
    const id = await gateway.authorized('tok_visa_success', newKey());
    await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() });
    const { status, body } = await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    expect([status, body['error']]).toEqual([409, 'authorization_voided']);
  });
});

describe('void', () => {
  test('by id gives back what is held; under another key it is done already', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    const voided = { status: 200, body: paymentBody(id, 'voided', { voided_cents: 5000 }) };
    expect(await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() })).toMatchObject(voided);
    expect(await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() })).toMatchObject(voided);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'void 5000']);
  });

  test('by key gives back what is held', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    const { status, body } = await voidByKey(key);
    expect({ status, body }).toEqual({ status: 200, body: paymentBody(id, 'voided', { voided_cents: 5000 }) });
  });

  test('by id and by key of captured or refunded money is 409 already_captured, naming the authorization', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const refusal = { status: 409, body: { error: 'already_captured', authorization_id: id, captured_cents: 5000 } };
    expect(await gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() })).toMatchObject(refusal);
    expect(await voidByKey(key)).toMatchObject(refusal);
    await gateway.post(`/payments/refund/${id}`, { idempotency_key: newKey() });
    expect(await voidByKey(key)).toMatchObject({
      status: 409,
      body: { error: 'already_captured', refunded_cents: 5000 },
    });
  });

  const nothing = { ...paymentBody(null, 'nothing', { authorized_cents: 0 }), currency: null };

  test('by key of nothing finds nothing, and a later authorize answers 409 voided, whatever it asks', async () => {
    const key = newKey();
    expect(await voidByKey(key)).toMatchObject({ status: 200, body: nothing });
    expect(await voidByKey(key)).toMatchObject({ status: 200, body: nothing });
    const late = await gateway.authorize('tok_visa_success', key);
    expect([late.status, late.body['error']]).toEqual([409, 'voided']);
    const again = await gateway.authorize('tok_other', key, { amount_cents: 1 });
    expect([again.status, again.text]).toEqual([409, late.text]);
    expect((await gateway.get(`/payments?idempotency_key=${key}`)).status).toBe(404);
  });

  test('by key of a declined payment finds nothing', async () => {
    const key = newKey();
    await gateway.authorize('tok_decline_stolen', key);
    const { status, body } = await voidByKey(key);
    expect({ status, body }).toEqual({
      status: 200,
      body: paymentBody(String(body['authorization_id']), 'nothing', { authorized_cents: 0 }),
    });
  });

  test('an authorize that was answered before its void still repeats that answer', async () => {
    const key = newKey();
    const first = await gateway.authorize('tok_visa_success', key);
    await voidByKey(key);
    expect((await gateway.authorize('tok_visa_success', key)).text).toBe(first.text);
  });
});

describe('refund', () => {
  test('gives everything captured back', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const { status, body } = await gateway.post(`/payments/refund/${id}`, { idempotency_key: newKey() });
    expect({ status, body }).toEqual({
      status: 200,
      body: paymentBody(id, 'refunded', { captured_cents: 5000, refunded_cents: 5000 }),
    });
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 5000', 'refund 5000']);
  });

  test('in parts never gives back more than was captured', async () => {
    const id = await gateway.authorized('tok_visa_success', newKey());
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const refund = (over: object) => gateway.post(`/payments/refund/${id}`, { idempotency_key: newKey(), ...over });
    expect((await refund({ amount_cents: 4000 })).body).toMatchObject({ status: 'captured', refunded_cents: 4000 });
    expect((await refund({ amount_cents: 1001 })).body).toMatchObject({ status: 409, error: 'refund_exceeds_capture' });
    expect((await refund({})).body).toMatchObject({ status: 'refunded', refunded_cents: 5000 });
    expect((await refund({})).body).toMatchObject({ status: 409, error: 'already_refunded', refunded_cents: 5000 });
    expect((await refund({ amount_cents: 0 })).status).toBe(400);
  });

  test('of money that was never captured is 409', async () => {
    const id = await gateway.authorized('tok_visa_success', newKey());
    const { status, body } = await gateway.post(`/payments/refund/${id}`, { idempotency_key: newKey() });
    expect([status, body['error']]).toEqual([409, 'not_captured']);
  });
});

describe('lookups', () => {
  test('by id and by authorize key tell the payment as it stands', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const byId = await gateway.get(`/payments/${id}`);
    const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    expect({ status: byId.status, body: byId.body }).toEqual({
      status: 200,
      body: {
        ...paymentBody(id, 'captured', { captured_cents: 5000 }),
        idempotency_key: key,
        user_id: userId,
        amount_cents: 5000,
        decline_code: null,
        created_at: expect.stringMatching(at),
        updated_at: expect.stringMatching(at),
      },
    });
    expect((await gateway.get(`/payments?idempotency_key=${key}`)).text).toBe(byId.text);
    expect((await gateway.get(`/payments/${id.toUpperCase()}`)).text).toBe(byId.text);
  });

  test('a declined payment can be looked up', async () => {
    const key = newKey();
    await gateway.authorize('tok_decline_expired', key);
    const { body } = await gateway.get(`/payments?idempotency_key=${key}`);
    expect(body).toMatchObject({
      status: 'declined',
      decline_code: 'expired_card',
      amount_cents: 5000,
      authorized_cents: 0,
    });
  });

  test('bad and missing ones', async () => {
    expect((await gateway.get(`/payments/${nobody}`)).body).toMatchObject({ status: 404, error: 'payment_not_found' });
    expect((await gateway.get('/payments/not-a-uuid')).body).toMatchObject({ status: 400, error: 'validation_error' });
    expect((await gateway.get(`/payments/urn:uuid:${nobody}`)).status).toBe(400);
    expect((await gateway.get('/payments')).body).toMatchObject({ status: 400, error: 'validation_error' });
    expect((await gateway.get('/payments?idempotency_key=a%00b')).status).toBe(400);
    expect((await gateway.get(`/payments?idempotency_key=${newKey()}`)).body).toMatchObject({ status: 404 });
  });
});

describe.each(['capture', 'void', 'refund'])('%s of an unknown payment', (operation) => {
  test('is 404, and its key stays free', async () => {
    const key = newKey();
    const missing = await gateway.post(`/payments/${operation}/${nobody}`, { idempotency_key: key });
    expect([missing.status, missing.body['error']]).toEqual([404, 'payment_not_found']);
    const id = await gateway.authorized('tok_visa_success', newKey());
    if (operation === 'refund') await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    expect((await gateway.post(`/payments/${operation}/${id}`, { idempotency_key: key })).status).toBe(200);
  });

  test('a malformed id, no key and unknown fields are 400', async () => {
    const path = `/payments/${operation}/${nobody}`;
    const answers = [
      await gateway.post(`/payments/${operation}/x`, { idempotency_key: newKey() }),
      await gateway.post(path, {}),
      await gateway.post(path),
      await gateway.post(path, { idempotency_key: newKey(), extra: true }),
    ];
    expect(answers.map(({ status, body }) => [status, body['error']])).toEqual(
      answers.map(() => [400, 'validation_error']),
    );
  });
});

describe('idempotency keys', () => {
  test('repeat the first answer of every operation, byte for byte, without doing it again', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    await expectRepeats('/payments/authorize', authorizeBody('tok_visa_success', key));
    await expectRepeats(`/payments/capture/${id}`, { idempotency_key: newKey(), amount_cents: 4000 });
    await expectRepeats(`/payments/void/${id}`, { idempotency_key: newKey() });
    await expectRepeats('/payments/void', { idempotency_key: newKey(), authorize_idempotency_key: key });
    await expectRepeats(`/payments/refund/${id}`, { idempotency_key: newKey(), amount_cents: 100 });
    await expectRepeats(`/payments/refund/${id}`, { idempotency_key: newKey(), amount_cents: 4000 });
    expect(await entriesOf(database.pg(), key)).toEqual([
      'authorize 5000',
      'capture 4000',
      'release 1000',
      'refund 100',
    ]);
  });

  test('repeat a decline and an early void', async () => {
    await expectRepeats('/payments/authorize', authorizeBody('tok_decline_', newKey()));
    await expectRepeats('/payments/void', { idempotency_key: newKey(), authorize_idempotency_key: newKey() });
  });

  test('repeat what was true then, whatever happened since', async () => {
    const id = await gateway.authorized('tok_visa_success', newKey());
    const voidKey = newKey();
    const first = await gateway.post(`/payments/refund/${id}`, { idempotency_key: voidKey });
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const repeated = await gateway.post(`/payments/refund/${id}`, { idempotency_key: voidKey });
    expect([first.status, repeated.text]).toEqual([409, first.text]);
  });

  test('with another body are 422, and nothing happens', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    const captureKey = newKey();
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: captureKey, amount_cents: 1000 });
    const other = await gateway.authorized('tok_visa_success', newKey());
    const refundKey = newKey();
    await gateway.post(`/payments/refund/${id}`, { idempotency_key: refundKey, amount_cents: 1 });
    const voidKey = newKey();
    await gateway.post(`/payments/void/${other}`, { idempotency_key: voidKey });
    const answers = [
      await gateway.authorize('tok_visa_success', key, { amount_cents: 4999 }),
      await gateway.authorize('tok_visa_success', key, { currency: 'EUR' }),
      await gateway.authorize('tok_visa_success', key, { user_id: nobody }),
      await gateway.authorize('tok_decline_', key),
      await gateway.post(`/payments/capture/${id}`, { idempotency_key: captureKey, amount_cents: 1001 }),
      await gateway.post(`/payments/capture/${id}`, { idempotency_key: captureKey }),
      await gateway.post(`/payments/capture/${other}`, { idempotency_key: captureKey, amount_cents: 1000 }),
      await gateway.post(`/payments/refund/${id}`, { idempotency_key: refundKey, amount_cents: 2 }),
      await gateway.post(`/payments/void/${id}`, { idempotency_key: voidKey }),
      await gateway.post('/payments/void', { idempotency_key: voidKey, authorize_idempotency_key: key }),
    ];
    expect(answers.map(({ status, body }) => [status, body['error']])).toEqual(
      answers.map(() => [422, 'idempotency_key_reused']),
    );
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 1000', 'release 4000', 'refund 1']);
  });

  test('are told apart by operation', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa_success', key);
    const other = await gateway.authorized('tok_visa_success', newKey());
    expect((await gateway.post(`/payments/capture/${id}`, { idempotency_key: key, amount_cents: 10 })).status).toBe(
      200,
    );
    expect((await gateway.post(`/payments/void/${other}`, { idempotency_key: key })).status).toBe(200);
    expect((await gateway.post(`/payments/refund/${id}`, { idempotency_key: key })).status).toBe(200);
  });

  test('may come in the header, alone or beside the same one in the body', async () => {
    const key = newKey();
    const { idempotency_key: _inBody, ...keyless } = authorizeBody('tok_visa_success', key);
    const first = await gateway.post('/payments/authorize', keyless, { 'idempotency-key': key });
    expect(first.status).toBe(200);
    const both = await gateway.post(
      '/payments/authorize',
      { ...keyless, idempotency_key: key },
      { 'idempotency-key': key },
    );
    expect([both.text, both.headers['idempotent-replayed']]).toEqual([first.text, 'true']);
    const path = `/payments/capture/${String(first.body['authorization_id'])}`;
    expect((await gateway.post(path, undefined, { 'idempotency-key': newKey() })).status).toBe(200);
  });

  test('that differ between header and body are 400', async () => {
    const { status, body } = await gateway.post('/payments/authorize', authorizeBody('tok', newKey()), {
      'idempotency-key': newKey(),
    });
    expect([status, body['error']]).toEqual([400, 'validation_error']);
  });
});

async function expectRepeats(path: string, body: { idempotency_key: string; [field: string]: unknown }) {
  const first = await gateway.post(path, body);
  const second = await gateway.post(path, body);
  expect({ ...second, headers: second.headers['content-type'] }).toEqual({
    ...first,
    headers: first.headers['content-type'],
  });
  expect(second.headers['idempotent-replayed']).toBe('true');
}

function voidByKey(authorizeKey: string) {
  return gateway.post('/payments/void', { authorize_idempotency_key: authorizeKey, idempotency_key: newKey() });
}
