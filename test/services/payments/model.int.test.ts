import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { authorizeBody, assertConsistent, type Gateway, newKey, openGateway } from './gateway.ts';

const database = useDatabase();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway(database.pool());
});
afterAll(() => gateway.app.close());

/** Keys come from a small set, so that repeats and reuses happen. */
interface Call {
  readonly operation: 'authorize' | 'capture' | 'void' | 'voidByKey' | 'refund';
  readonly key: number;
  readonly amount: number | null;
}

/** One authorization as its customer understands it: a remembered answer per key, and what has become of the money. */
class Model {
  private readonly answers = new Map<string, { readonly asked: string; readonly answer: string }>();
  private state: 'none' | 'tombstone' | 'live' | 'captured' | 'voided' = 'none';
  private captured = 0;
  private refunded = 0;

  get exists(): boolean {
    return this.state !== 'none' && this.state !== 'tombstone';
  }

  /** @returns `<status> <state or error> <captured> <refunded>` */
  expect(call: Call): string {
    const operation = call.operation === 'voidByKey' ? 'void' : call.operation;
    const slot = `${operation} ${call.key}`;
    const asked = `${call.operation} ${call.amount}`;
    const known = this.answers.get(slot);
    if (known) return known.asked === asked ? known.answer : '422 idempotency_key_reused';
    const answer = this.perform(call);
    this.answers.set(slot, { asked, answer });
    return answer;
  }

  private perform({ operation, amount }: Call): string {
    switch (operation) {
      case 'authorize':
        // There is one authorize key: asked again under it, the first answer would have been found.
        if (this.state === 'tombstone') return '409 voided';
        this.state = 'live';
        return '200 authorized 0 0';
      case 'capture':
        return this.capture(amount ?? 100);
      case 'void':
      case 'voidByKey':
        return this.void();
      case 'refund':
        return this.refund(amount ?? this.captured - this.refunded);
      default:
        return operation satisfies never;
    }
  }

  private capture(amount: number): string {
    if (this.state === 'voided') return '409 authorization_voided';
    if (this.state === 'captured') return '409 already_captured';
    if (amount > 100) return '409 capture_exceeds_authorization';
    this.state = 'captured';
    this.captured = amount;
    return `200 captured ${amount} 0`;
  }

  private void(): string {
    if (this.state === 'captured') return '409 already_captured';
    if (this.state === 'none') this.state = 'tombstone';
    if (this.state === 'tombstone') return '200 nothing 0 0';
    this.state = 'voided';
    return '200 voided 0 0';
  }

  private refund(amount: number): string {
    if (this.state !== 'captured') return '409 not_captured';
    if (this.captured === this.refunded) return '409 already_refunded';
    if (this.refunded + amount > this.captured) return '409 refund_exceeds_capture';
    this.refunded += amount;
    return `200 ${this.refunded === this.captured ? 'refunded' : 'captured'} ${this.captured} ${this.refunded}`;
  }
}

const amount = fc.option(fc.constantFrom(1, 40, 60, 100, 101));
const calls = fc.array(
  fc.oneof(
    fc.record<Call>({ operation: fc.constant('authorize'), key: fc.constant(0), amount: fc.constant(null) }),
    fc.record<Call>({ operation: fc.constantFrom('capture', 'refund'), key: fc.nat(2), amount }),
    fc.record<Call>({ operation: fc.constantFrom('void', 'voidByKey'), key: fc.nat(2), amount: fc.constant(null) }),
  ),
  { minLength: 1, maxLength: 12 },
);

test('any sequence of calls to one payment is answered as its model says', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async (sequence) => {
      const model = new Model();
      const order = newKey();
      let authorizationId: string | null = null;
      for (const call of sequence) {
        // Only a void by key can speak of a payment whose id nobody has.
        const byId = call.operation !== 'authorize' && call.operation !== 'voidByKey';
        if (byId && authorizationId === null) continue;
        const answer = await perform(call, order, authorizationId);
        expect(answer.said).toBe(model.expect(call));
        authorizationId ??= answer.authorizationId;
      }
      expect(authorizationId !== null).toBe(model.exists);
    }),
    { numRuns: 150 },
  );
  await assertConsistent(database.pg());
});

async function perform(call: Call, order: string, authorizationId: string | null) {
  const key = { idempotency_key: `${order}:${call.key}` };
  const amountCents = call.amount === null ? {} : { amount_cents: call.amount };
  const { path, body } = {
    authorize: {
      path: '/payments/authorize',
      body: { ...authorizeBody('tok_visa', key.idempotency_key), amount_cents: 100 },
    },
    capture: { path: `/payments/capture/${authorizationId}`, body: { ...key, ...amountCents } },
    refund: { path: `/payments/refund/${authorizationId}`, body: { ...key, ...amountCents } },
    void: { path: `/payments/void/${authorizationId}`, body: key },
    voidByKey: { path: '/payments/void', body: { ...key, authorize_idempotency_key: `${order}:0` } },
  }[call.operation];
  const answer = await gateway.post(path, body);
  const { error, status, captured_cents: captured, refunded_cents: refunded } = answer.body;
  const said = answer.status === 200 ? [status, captured, refunded] : [error];
  const id = answer.status === 200 ? answer.body['authorization_id'] : null;
  return { said: [answer.status, ...said].join(' '), authorizationId: typeof id === 'string' ? id : null };
}
