import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Json, Outcome } from '../../src/actors/ports.ts';
import { paymentEffects } from '../../src/effects/payments.ts';
import { fetchTransport, injectTransport, type Transport, type TransportRequest } from '../../src/effects/transport.ts';
import {
  entriesOf,
  assertConsistent,
  type Gateway,
  newKey,
  openGateway,
  userId,
} from '../services/payments/gateway.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
let gateway: Gateway;
let url: string;
beforeAll(async () => {
  gateway = await openGateway(database.pool());
  url = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => assertConsistent(database.pg()));
afterAll(() => gateway.app.close());

const undoneCents = { voidedCents: 0, refundedCents: 0, expiredCents: 0 };

describe.each<[string, () => Transport]>([
  ['in this process', () => injectTransport(gateway.app)],
  ['over HTTP', () => fetchTransport(url)],
])('%s', (_name, transport) => {
  describe('payments.authorize', () => {
    test('done: answers the authorization; a repeat answers it again and holds nothing more', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      const first = await saga.authorize();
      expect(first).toEqual({
        type: 'done',
        value: { authorizationId: await saga.gatewayId(), authorizedCents: 5000 },
      });
      expect(await saga.authorize()).toEqual(first);
      expect(await saga.entries()).toEqual(['authorize 5000']);
    });

    test('refused: declined, with its code', async () => {
      const saga = orderOf(transport(), 'tok_decline_insufficient');
      const declined = { type: 'refused', value: { code: 'payment_declined', declineCode: 'insufficient_funds' } };
      expect(await saga.authorize()).toEqual(declined);
      expect(await saga.authorize()).toEqual(declined);
    });

    test('refused: after its undo', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      expect(await saga.undo()).toEqual({ type: 'done', value: { settlement: 'nothing', ...undoneCents } });
      expect(await saga.authorize()).toEqual({ type: 'refused', value: { code: 'voided', declineCode: 'voided' } });
      expect(await saga.entries()).toEqual([]);
    });

    test('failed: struck by a transient fault, then done under the same key', async () => {
      const saga = orderOf(transport(), 'tok_flaky_1');
      expect(await saga.authorize()).toEqual({
        type: 'failed',
        code: 'service_unavailable',
        message: 'POST /payments/authorize answered 503',
      });
      expect((await saga.authorize()).type).toBe('done');
    });

    test('unknown: the token is gone, and nobody is called', async () => {
      const saga = orderOf(transport(), null);
      expect(await saga.authorize()).toEqual({
        type: 'unknown',
        code: 'token_gone',
        message: 'the payment token is deleted already',
      });
      expect(await saga.requests()).toEqual([]);
    });
  });

  describe('payments.capture', () => {
    test('done: once, whatever is repeated', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      await saga.authorize();
      expect(await saga.capture()).toEqual({ type: 'done', value: { capturedCents: 5000 } });
      expect(await saga.capture()).toEqual({ type: 'done', value: { capturedCents: 5000 } });
      expect(await saga.entries()).toEqual(['authorize 5000', 'capture 5000']);
    });

    test.each([
      ['tok_capture_declined', 'capture_declined', 0],
      ['tok_auth_expires', 'authorization_expired', 5000],
    ])('refused: %s', async (token, code, expiredCents) => {
      const saga = orderOf(transport(), token);
      await saga.authorize();
      expect(await saga.capture()).toEqual({ type: 'refused', value: { code, expiredCents } });
      expect(await saga.capture()).toEqual({ type: 'refused', value: { code, expiredCents } });
    });

    test('refused: after its undo', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      await saga.authorize();
      await saga.undo();
      expect(await saga.capture()).toEqual({
        type: 'refused',
        value: { code: 'authorization_voided', expiredCents: 0 },
      });
      expect(await saga.entries()).toEqual(['authorize 5000', 'void 5000']);
    });

    test('unknown: captured, but the answer never came; the repeat is done, with one capture', async () => {
      const saga = orderOf(transport(), 'tok_capture_timeout');
      await saga.authorize();
      const giveUp = new AbortController();
      const first = saga.capture(giveUp.signal);
      await expect.poll(() => saga.entries()).toEqual(['authorize 5000', 'capture 5000']);
      giveUp.abort();
      expect(await first).toMatchObject({ type: 'unknown', code: 'timeout' });
      expect(await saga.capture()).toEqual({ type: 'done', value: { capturedCents: 5000 } });
      expect(await saga.entries()).toEqual(['authorize 5000', 'capture 5000']);
    });

    test('failed: what the gateway does not know of is no business answer', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      expect(await saga.capture(undefined, '0198f3a0-0000-7000-8000-00000000dead')).toMatchObject({
        type: 'failed',
        code: 'payment_not_found',
      });
      expect(await saga.capture(undefined, '../void')).toMatchObject({ type: 'failed', code: 'validation_error' });
    });
  });

  describe('payments.undo', () => {
    test('of an authorization voids it, once', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      await saga.authorize();
      const voided = { type: 'done', value: { ...undoneCents, settlement: 'voided', voidedCents: 5000 } };
      expect(await saga.undo()).toEqual(voided);
      expect(await saga.undo()).toEqual(voided);
      expect(await saga.entries()).toEqual(['authorize 5000', 'void 5000']);
      expect(await saga.requests()).toEqual(['authorize payments.authorize', 'void payments.undo:void']);
    });

    test('of a captured payment refunds it, once', async () => {
      const saga = orderOf(transport(), 'tok_visa_success');
      await saga.authorize();
      await saga.capture();
      const refunded = { type: 'done', value: { ...undoneCents, settlement: 'refunded', refundedCents: 5000 } };
      expect(await saga.undo()).toEqual(refunded);
      expect(await saga.undo()).toEqual(refunded);
      expect(await saga.entries()).toEqual(['authorize 5000', 'capture 5000', 'refund 5000']);
      expect(await saga.requests()).toEqual([
        'authorize payments.authorize',
        'capture payments.capture',
        'refund payments.undo:refund',
        'void payments.undo:void',
      ]);
    });

    test('of a payment that somebody refunded in part refunds the rest, and in full finds it refunded', async () => {
      const refunded = { type: 'done', value: { ...undoneCents, settlement: 'refunded', refundedCents: 5000 } };
      for (const byHand of [{ amount_cents: 1500 }, {}]) {
        const saga = orderOf(transport(), 'tok_visa_success');
        await saga.authorize();
        await saga.capture();
        await gateway.post(`/payments/refund/${await saga.gatewayId()}`, { idempotency_key: newKey(), ...byHand });
        expect(await saga.undo()).toEqual(refunded);
        expect(await saga.undo()).toEqual(refunded);
      }
    });

    test('of an expired authorization tells what expired', async () => {
      const saga = orderOf(transport(), 'tok_auth_expires');
      await saga.authorize();
      await saga.capture();
      expect(await saga.undo()).toEqual({
        type: 'done',
        value: { ...undoneCents, settlement: 'expired', expiredCents: 5000 },
      });
    });

    test('of a declined one finds nothing', async () => {
      const saga = orderOf(transport(), 'tok_decline_stolen');
      await saga.authorize();
      expect(await saga.undo()).toEqual({ type: 'done', value: { settlement: 'nothing', ...undoneCents } });
    });

    test('failed as often as the void and the refund do, then done', async () => {
      const saga = orderOf(transport(), 'tok_void_fails_1_refund_fails_2');
      await saga.authorize();
      await saga.capture();
      const types: string[] = [];
      for (let i = 0; i < 4; i++) types.push((await saga.undo()).type);
      expect(types).toEqual(['failed', 'failed', 'failed', 'done']);
      expect(await saga.entries()).toEqual(['authorize 5000', 'capture 5000', 'refund 5000']);
    });

    test('racing the authorize it undoes never leaves money held', async () => {
      for (let round = 0; round < 15; round++) {
        const saga = orderOf(transport(), 'tok_visa_success');
        await Promise.all([saga.authorize(), saga.undo(), saga.undo()]);
        expect(['', 'authorize 5000, void 5000']).toContain((await saga.entries()).join(', '));
      }
    });
  });
});

describe('the payment token', () => {
  test('is in the authorize call alone, and in no outcome', async () => {
    const token = 'tok_secret_capture_timeout_flaky_1';
    const sent: TransportRequest[] = [];
    const outcomes: Outcome[] = [];
    const recording: Transport = (request) => {
      sent.push(request);
      return injectTransport(gateway.app)(request);
    };
    const saga = orderOf(recording, token);
    for (let i = 0; i < 2; i++) outcomes.push(await saga.authorize());
    outcomes.push(await saga.capture(AbortSignal.abort()));
    for (let i = 0; i < 2; i++) outcomes.push(await saga.undo());
    expect(outcomes.map(({ type }) => type)).toEqual(['failed', 'done', 'failed', 'failed', 'done']);
    expect(JSON.stringify(outcomes)).not.toContain(token);
    const carriers = sent.filter((request) => JSON.stringify(request).includes(token));
    expect(carriers.map(({ path, headers }) => [path, headers])).toEqual([
      ['/payments/authorize', undefined],
      ['/payments/authorize', undefined],
    ]);
  });
});

describe('answers that no gateway of ours gives', () => {
  const malformed: readonly (readonly [status: number, body: unknown, outcome: object])[] = [
    [200, null, { type: 'unknown', code: 'unexpected_answer' }],
    [200, { status: 'done' }, { type: 'unknown', code: 'unexpected_answer' }],
    [500, { error: 'internal_error' }, { type: 'unknown', code: 'http_500' }],
    [504, { error: 'gateway_timeout' }, { type: 'unknown', code: 'http_504' }],
    [402, { error: 'card_melted' }, { type: 'failed', code: 'card_melted' }],
    [409, { error: 'odd' }, { type: 'failed', code: 'odd' }],
    [422, { error: 'idempotency_key_reused' }, { type: 'failed', code: 'idempotency_key_reused' }],
  ];

  test.each(malformed)('%i %j', async (status, body, outcome) => {
    const saga = orderOf(() => Promise.resolve({ status, body }), 'tok_visa_success');
    expect(await saga.authorize()).toMatchObject(outcome);
    expect(await saga.capture(undefined, 'some-id')).toMatchObject(outcome);
    expect(await saga.undo()).toMatchObject(outcome);
  });

  test('a refund that is refused for good is refused', async () => {
    const answers = [
      { status: 409, body: { error: 'already_captured', authorization_id: 'some-id' } },
      { status: 409, body: { error: 'not_captured' } },
    ];
    const saga = orderOf(() => Promise.resolve(answers.shift() ?? { status: 500, body: null }), 'tok_visa_success');
    expect(await saga.undo()).toEqual({ type: 'refused', value: { code: 'not_captured' } });
  });
});

/** One order's effects, called as the runtime calls them. */
function orderOf(transport: Transport, token: string | null) {
  const actorId = newKey();
  const effects = paymentEffects({
    transport,
    tokenOf: (orderId) => Promise.resolve(orderId === actorId ? token : null),
  });
  const run = async (effect: string, input: Json, signal = new AbortController().signal): Promise<Outcome> => {
    const handler = effects.find((candidate) => candidate.effect === effect);
    if (!handler) throw new Error(`no handler for ${effect}`);
    const key = `${actorId}:${effect}`;
    const outcome = await handler.call({
      effect,
      effectId: `${effect}@1`,
      claim: 1,
      key,
      actorId,
      input,
      signal,
      traceparent: null,
    });
    if (outcome.type === 'notNow') throw new Error('there is no breaker here');
    return outcome;
  };
  const gatewayId = async () =>
    String((await gateway.get(`/payments?idempotency_key=${actorId}:payments.authorize`)).body['authorization_id']);
  return {
    authorize: () => run('payments.authorize', { userId, amountCents: 5000, currency: 'USD' }),
    capture: async (signal?: AbortSignal, authorizationId?: string) =>
      run(
        'payments.capture',
        { authorizationId: authorizationId ?? (await gatewayId()), amountCents: 5000, currency: 'USD' },
        signal,
      ),
    undo: () => run('payments.undo', {}),
    gatewayId,
    entries: () => entriesOf(database.pg(), `${actorId}:payments.authorize`),
    /** Keys of this order that the gateway has answered, without the order's id. */
    requests: async () => {
      const { rows } = await database.pg().query<{ line: string }>(
        `select operation || ' ' || substr(key, 38) as line from payments.request
         where key like $1 || ':%' order by line`,
        [actorId],
      );
      return rows.map(({ line }) => line);
    },
  };
}
