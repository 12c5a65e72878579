/** What participants are taken to answer when an actor is simulated: amounts that an honest gateway would give. */
import { describe, expect, test } from 'vitest';
import {
  actorMachine,
  type ActorRow,
  dryStart,
  type Json,
  readWhatIfs,
  simulate,
  type Simulation,
} from '../../src/actors/index.ts';
import { likelyAnswersOf } from '../../src/effects/likely-answers.ts';
import { machines } from '../../src/machines/index.ts';

const orderId = '0198c0de-0000-7000-8000-000000000001';
/** Of no environment: an order of its own, whose amounts must come back. */
const input = {
  orderId,
  userId: '550e8400-e29b-41d4-a716-446655440000',
  currency: 'EUR',
  totalCents: 1_234,
  items: [{ productId: '0198c0de-0000-7000-8000-00000000a009', quantity: 3, unitPriceCents: 411 }],
};

function run(machineId: string, start: Json, text: string): Simulation {
  const listed = machines.find(({ machine }) => machine.id === machineId);
  if (!listed) throw new Error(`no machine is named ${machineId}`);
  const machine = actorMachine(listed.machine, listed.version);
  const row: ActorRow = dryStart(machine, orderId, start, 0).row;
  const read = readWhatIfs(text);
  if (read.type === 'malformed') throw new Error(read.problem);
  const inputs = read.inputs.map((one) => one.input);
  return simulate(machine, row, inputs, { nowMs: 0, likelyAnswers: likelyAnswersOf(machineId) });
}

const endOf = (text: string) => {
  const { row } = run('order', input, text).end;
  const { payment, failure } = row.snapshot.context as { payment: Record<string, Json>; failure: Json };
  const { authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = payment;
  return { path: row.path, money: [authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents], failure };
};

describe('an order', () => {
  const captured = 'authorize done, createOrder done, reserve done, capture done';

  test.each<[string, string, number[], Json]>([
    ['happy', 'completed', [1_234, 1_234, 0, 0, 0], null],
    ['CANCEL, happy', 'cancelled', [1_234, 0, 1_234, 0, 0], { code: 'cancelled_by_customer', detail: null }],
    [
      `${captured}, confirm refused, happy`,
      'failed',
      [1_234, 1_234, 0, 1_234, 0],
      { code: 'order_cancelled', detail: null },
    ],
    [
      'authorize done, createOrder done, reserve done, capture refused {"code":"authorization_expired"}, happy',
      'failed',
      [1_234, 0, 0, 0, 1_234],
      { code: 'authorization_expired', detail: null },
    ],
    [
      'authorize done, createOrder done, reserve refused, happy',
      'failed',
      [1_234, 0, 1_234, 0, 0],
      {
        code: 'insufficient_stock',
        detail: { short: [{ productId: '0198c0de-0000-7000-8000-00000000a009', requested: 3, available: 2 }] },
      },
    ],
    // Nothing is known to be held: the gateway finds nothing, unless the what-if says otherwise.
    ['authorize unknown, CANCEL, happy', 'cancelled', [0, 0, 0, 0, 0], { code: 'cancelled_by_customer', detail: null }],
    [
      'authorize unknown, CANCEL, undoPayment done {"settlement":"voided"}, happy',
      'cancelled',
      [1_234, 0, 1_234, 0, 0],
      { code: 'cancelled_by_customer', detail: null },
    ],
  ])('%s → %s', (text, path, money, failure) => {
    expect(endOf(text)).toEqual({ path, money, failure });
  });
});

test('a notice', () => {
  const ended = `ORDER_ENDED {"orderId":"${orderId}","outcome":"completed","reason":null}`;
  expect(run('order-notice', { id: orderId }, `${ended}, happy`).end.row.path).toBe('sent');
  expect(run('order-notice', { id: orderId }, `${ended}, send refused, RETRY`).end.row.path).toBe('sending.calling');
});

test('every effect of every machine has a likely answer of each kind', () => {
  for (const { machine, version, environment } of machines) {
    const { row } = dryStart(actorMachine(machine, version), orderId, environment.input, 0);
    for (const src of actorMachine(machine, version).effects) {
      const effect = {
        ...row.effects[0],
        id: 'x@1',
        invoke: 'x',
        src,
        input: {},
        timeoutMs: 1,
        claims: 0,
        token: 0,
        lease: null,
        notNowSinceMs: null,
      };
      const kinds = likelyAnswersOf(machine.id)(effect, row.snapshot.context).map(({ type }) => type);
      expect([src, new Set(kinds)]).toEqual([src, new Set(['done', 'refused'])]);
    }
  }
  expect(likelyAnswersOf('nobody')).toBeTypeOf('function');
});
