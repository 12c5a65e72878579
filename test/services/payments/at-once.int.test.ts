/** Many calls in one statement: each takes effect or not for reasons of its own. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { moveOnce, type Opening, openOnce } from '../../../src/services/payments/at-once.ts';
import { decideAuthorize, decideCapture, type Payment } from '../../../src/services/payments/decisions.ts';
import type { Operation } from '../../../src/services/payments/scenario.ts';
import { scenarioOf } from '../../../src/services/payments/scenario.ts';
import { useDatabase } from '../../support/database.ts';
import { assertConsistent, entriesOf, userId } from './gateway.ts';

const database = useDatabase();
const amountCents = 5_000;
const questionOf = (operation: Operation, key: string) => ({
  operation,
  key,
  fingerprint: '0'.repeat(64),
  traceId: '1'.repeat(32),
});

function opening(key: string, token = 'tok_visa'): Opening {
  const scenario = scenarioOf(token);
  const decision = decideAuthorize({ amountCents, currency: 'USD' }, scenario, randomUUID());
  const question = questionOf('authorize', key);
  return { question, decision, payment: decision.next, userId, requestedCents: amountCents, scenario };
}

const captureOf = (read: Payment, key: string) => ({
  question: questionOf('capture', key),
  decision: decideCapture(read, 'succeed', null),
  read,
});

const openings = (n: number): Opening[] => Array.from({ length: n }, () => opening(randomUUID()));

describe('of many payments', () => {
  test('those are opened whose keys are new', async () => {
    const [first, ...others] = openings(3);
    expect(await openOnce(database.pool(), [first!])).toEqual([true]);
    const again = opening(first!.question.key);
    expect(await openOnce(database.pool(), [others[0]!, again, others[1]!])).toEqual([true, false, true]);
    for (const { question } of [first!, ...others])
      expect(await entriesOf(database.pg(), question.key)).toEqual(['authorize 5000']);
    await assertConsistent(database.pg());
  });

  test('those move that still stand as they were read, by a new key, and that nobody else is at', async () => {
    const opened = openings(5);
    await openOnce(database.pool(), opened);
    const [fresh, stale, known, held, alsoFresh] = opened.map(({ payment }) => payment);
    const key = randomUUID();
    await moveOnce(database.pool(), [captureOf(stale!, randomUUID()), captureOf(known!, key)]);
    const other = await database.pg().connect();
    try {
      await other.query('begin');
      await other.query('select from payments.payment where authorization_id = $1 for update', [held!.authorizationId]);
      const moves = [fresh!, stale!, held!, alsoFresh!].map((read) => captureOf(read, randomUUID()));
      expect(await moveOnce(database.pool(), [...moves, captureOf({ ...known! }, key)])).toEqual([
        true,
        false,
        false,
        true,
        false,
      ]);
    } finally {
      await other.query('rollback');
      other.release();
    }
    const lines = await Promise.all(opened.map(({ question }) => entriesOf(database.pg(), question.key)));
    const captured = ['authorize 5000', 'capture 5000'];
    expect(lines).toEqual([captured, captured, captured, ['authorize 5000'], captured]);
    await assertConsistent(database.pg());
  });
});

test('two processes that move the same payments, in opposite orders, never wait for each other in a circle', async () => {
  const opened = openings(40);
  await openOnce(database.pool(), opened);
  const moves = opened.map(({ payment }) => captureOf(payment, randomUUID()));
  const deadlocks = async (): Promise<number> => {
    const { rows } = await database
      .pg()
      .query<{ n: string }>('select deadlocks as n from pg_stat_database where datname = current_database()');
    return Number(rows[0]?.n);
  };
  const before = await deadlocks();
  const [one, two] = await Promise.all([
    moveOnce(database.pool(), moves),
    moveOnce(database.pool(), moves.toReversed()),
  ]);
  // Each by one of them, unless they met at it: then by neither, and its caller goes on alone.
  expect(one.filter((done, i) => done && two.toReversed()[i])).toEqual([]);
  expect(await deadlocks()).toBe(before);
  await assertConsistent(database.pg());
});
