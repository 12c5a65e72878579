import { v7 } from 'uuid';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProjectedTransition } from '../../../src/actors/index.ts';
import type { Tx } from '../../../src/persistence/pool.ts';
import { acceptCompanion, type AcceptPayload } from '../../../src/services/ledger/accept.ts';
import { renderAnswer } from '../../../src/services/ledger/answer-routes.ts';
import { ledgerFace } from '../../../src/services/ledger/face.ts';
import { orderProjection } from '../../../src/services/ledger/projection.ts';
import { findAnswers, storeAnswer } from '../../../src/services/ledger/queries.ts';
import { useDatabase } from '../../support/database.ts';
import { eventually } from '../../support/wait.ts';

const database = useDatabase();
const nowMs = Date.UTC(2027, 0, 1);
const productId = '550e8400-e29b-41d4-a716-446655440000';

afterEach(() => database.pg().query('truncate ledger.entry, ledger.item'));

const payload = (idempotencyKey: string, over: Partial<AcceptPayload> = {}): AcceptPayload => ({
  idempotencyKey,
  fingerprint: 'a'.repeat(64),
  userId: productId,
  email: 'a@example.com',
  items: [{ productId, quantity: 2, unitPriceCents: 5 }],
  payment: { method: 'card', token: 'tok' },
  currency: 'USD',
  totalCents: 10,
  traceId: null,
  ...over,
});
const inTransaction = <R>(work: (tx: Tx) => Promise<R>): Promise<R> => database.pool().transaction(work);
const accept = (...entries: { actorId: string; payload: AcceptPayload }[]) =>
  inTransaction((tx) => acceptCompanion.write(tx, entries, nowMs));

async function accepted(key: string): Promise<string> {
  const actorId = v7();
  expect(await accept({ actorId, payload: payload(key) })).toEqual([{ type: 'written' }]);
  return actorId;
}

/** The transition that leaves the authorization with a yes. */
const authorized = (actorId: string, revision = 2): ProjectedTransition => ({
  actorId,
  revision,
  event: { type: 'xstate.done.actor.authorize', output: { type: 'done' } },
  from: { path: 'authorizing.calling', tags: [], meta: { status: 'AWAITING_AUTHORIZATION' } },
  to: { path: 'fulfilling.creatingOrder.calling', tags: [], meta: { status: 'AUTHORIZED' } },
  context: {
    payment: {
      authorizationId: 'auth',
      declineCode: null,
      authorizedCents: 10,
      capturedCents: 0,
      voidedCents: 0,
      refundedCents: 0,
      expiredCents: 0,
      settlement: null,
    },
    failure: null,
  },
  traceparent: null,
});

describe('accepting', () => {
  test('two entries with one key in one batch: the first is written, the second is told of it', async () => {
    const [first, second] = [v7(), v7()];
    const answers = await accept(
      { actorId: first, payload: payload('k') },
      { actorId: second, payload: payload('k', { fingerprint: 'b'.repeat(64) }) },
    );
    expect(answers).toEqual([
      { type: 'written' },
      { type: 'exists', detail: { orderId: first, fingerprint: 'a'.repeat(64) } },
    ]);
    const { rows } = await database.pg().query('select order_id from ledger.item');
    expect(rows).toEqual([{ order_id: first }]);
  });

  test('a mixed batch is answered in the order asked, whatever the order of the keys', async () => {
    const standing = await accepted('m');
    const [a, b, c] = [v7(), v7(), v7()];
    expect(
      await accept(
        { actorId: a, payload: payload('z') },
        { actorId: b, payload: payload('m') },
        { actorId: c, payload: payload('a') },
      ),
    ).toEqual([
      { type: 'written' },
      { type: 'exists', detail: { orderId: standing, fingerprint: 'a'.repeat(64) } },
      { type: 'written' },
    ]);
  });

  test('batches with the same keys in opposite order do not deadlock, and each key is written once', async () => {
    // Slow enough that two statements are under way together for certain.
    await database.pg().query(`
      create function ledger.slowly() returns trigger language plpgsql as 'begin perform pg_sleep(0.02); return new; end';
      create trigger slowly before insert on ledger.entry for each row execute function ledger.slowly()`);
    const entries = (...keys: string[]) => keys.map((key) => ({ actorId: v7(), payload: payload(key) }));
    const answers = await Promise.all([accept(...entries('x', 'y', 'z')), accept(...entries('z', 'y', 'x'))]);
    await database.pg().query('drop function ledger.slowly() cascade');
    expect(answers.flat().filter(({ type }) => type === 'written')).toHaveLength(3);
  });

  test('waits for a concurrent entry under its key: rolled back, the key is free', async () => {
    const first = await database.pg().connect();
    await first.query('begin');
    await first.query(
      `insert into ledger.entry (id, idempotency_key, fingerprint, user_id, email, payment_method, currency, total_cents,
         status, revision, created_at, updated_at)
       values ($1, 'held', repeat('a', 64), $1, 'a@example.com', 'card', 'USD', 1, 'AWAITING_AUTHORIZATION', 1, now(), now())`,
      [v7()],
    );
    const second = accept({ actorId: v7(), payload: payload('held') });
    await waitingForLock();
    await first.query('rollback');
    first.release();
    expect(await second).toEqual([{ type: 'written' }]);
  });
});

describe('the answer is written once, by whoever comes first', () => {
  const awaiting = (orderId: string) => renderAnswer({ kind: 'awaiting', orderId });

  test('the projection is on its way when a budget ends: the budget gets its answer', async () => {
    const id = await accepted('race-1');
    const gate = Promise.withResolvers<void>();
    const projecting = inTransaction(async (tx) => {
      await orderProjection(tx, [authorized(id)], nowMs);
      await gate.promise;
    });
    await eventually(async () => (await locks(id)) === 1);
    const storing = storeAnswer(database.pool(), id, awaiting(id));
    await waitingForLock();
    gate.resolve();
    await projecting;
    expect(await storing).toEqual(renderAnswer({ kind: 'authorized', orderId: id }));
  });

  test('a budget is storing when the projection comes: its answer stays, the rest follows the saga', async () => {
    const id = await accepted('race-2');
    const gate = Promise.withResolvers<void>();
    const storing = inTransaction(async (tx) => {
      await storeAnswer(tx, id, awaiting(id));
      await gate.promise;
    });
    await eventually(async () => (await locks(id)) === 1);
    const projecting = inTransaction((tx) => orderProjection(tx, [authorized(id)], nowMs));
    await waitingForLock();
    gate.resolve();
    await Promise.all([storing, projecting]);
    expect(await findAnswers(database.pool(), [id])).toEqual(new Map([[id, awaiting(id)]]));
    const face = ledgerFace(database.pool());
    expect(await face.findById(id)).toMatchObject({ status: 'AUTHORIZED', revision: 2 });
    expect([await face.paymentTokenOf(id), await face.emailOf(id)]).toEqual([null, 'a@example.com']);
  });

  test('a second budget gets the answer of the first', async () => {
    const id = await accepted('budgets');
    expect(await storeAnswer(database.pool(), id, awaiting(id))).toEqual(awaiting(id));
    const other = renderAnswer({ kind: 'authorized', orderId: id });
    expect(await storeAnswer(database.pool(), id, other)).toEqual(awaiting(id));
  });

  test('while the authorization goes on the token stays, also once the budget has answered', async () => {
    const id = await accepted('token');
    await storeAnswer(database.pool(), id, awaiting(id));
    const { to, ...rest } = authorized(id);
    const stays = { ...rest, to: { ...to, meta: { status: 'AWAITING_AUTHORIZATION' } } };
    await inTransaction((tx) => orderProjection(tx, [stays], nowMs));
    expect(await ledgerFace(database.pool()).paymentTokenOf(id)).toBe('tok');
  });

  test('a migration out of the authorization answers too: what the old version said of the state is not known', async () => {
    const [unanswered, answered] = [await accepted('migrated-1'), await accepted('migrated-2')];
    await storeAnswer(database.pool(), answered, awaiting(answered));
    const migrated = (id: string): ProjectedTransition => ({
      ...authorized(id),
      event: { type: 'actor.migrated', from: '1', to: '2', snapshot: {} },
      from: { path: 'authorizing.calling', tags: [], meta: {} },
    });
    await inTransaction((tx) => orderProjection(tx, [migrated(unanswered), migrated(answered)], nowMs));
    const answers = await findAnswers(database.pool(), [unanswered, answered]);
    expect([unanswered, answered].map((id) => answers.get(id))).toEqual([
      renderAnswer({ kind: 'authorized', orderId: unanswered }),
      awaiting(answered),
    ]);
    const face = ledgerFace(database.pool());
    expect([await face.paymentTokenOf(unanswered), await face.findById(unanswered)]).toMatchObject([
      null,
      { status: 'AUTHORIZED', revision: 2 },
    ]);
  });
});

describe('the projection', () => {
  test('moves many orders by one statement, and leaves others alone', async () => {
    const ids = [await accepted('1'), await accepted('2'), await accepted('3')];
    let statements = 0;
    await inTransaction((tx) => {
      const counting = {
        ...tx,
        query: ((...args: Parameters<Tx['query']>) => ((statements += 1), tx.query(...args))) as Tx['query'],
      };
      return orderProjection(counting, [authorized(ids[0]!, 5), authorized(ids[2]!, 9)], nowMs);
    });
    expect(statements).toBe(1);
    const { rows } = await database.pg().query('select status, revision, answer_kind from ledger.entry order by id');
    expect(rows).toEqual([
      { status: 'AUTHORIZED', revision: 5, answer_kind: 'authorized' },
      { status: 'AWAITING_AUTHORIZATION', revision: 1, answer_kind: null },
      { status: 'AUTHORIZED', revision: 9, answer_kind: 'authorized' },
    ]);
  });

  test.each([
    ['orders.create', 'created', 'none'],
    ['orders.confirm', 'confirmed', 'none'],
    ['orders.cancel', 'cancelled', 'none'],
    ['inventory.reserve', 'none', 'reserved'],
    ['inventory.release', 'none', 'released'],
    ['inventory.commit', 'none', 'sold'],
  ])(
    '%s: done is what changes the record; refused, failed or another event does not',
    async (effect, order, reservation) => {
      const id = await accepted(effect);
      const { from, ...rest } = authorized(id);
      const state = { path: 'x', tags: [], meta: { ...from?.meta, status: 'AUTHORIZED', effect } };
      const project = (event: ProjectedTransition['event']) =>
        inTransaction((tx) => orderProjection(tx, [{ ...rest, from: state, event }], nowMs));
      const states = async () => {
        const found = await ledgerFace(database.pool()).findById(id);
        return [found?.orderState, found?.reservationState];
      };
      await inTransaction((tx) => orderProjection(tx, [authorized(id)], nowMs));
      for (const event of [
        { type: 'xstate.done.actor.x', output: { type: 'refused' } },
        { type: 'xstate.error.actor.x', error: { type: 'unknown' } },
        { type: 'CANCEL', output: { type: 'done' } },
      ])
        await project(event);
      expect(await states()).toEqual(['none', 'none']);
      await project({ type: 'xstate.done.actor.x', output: { type: 'done' } });
      expect(await states()).toEqual([order, reservation]);
    },
  );

  test('a state without a public status, or a context without the payment record, is a fault of that actor', async () => {
    const id = await accepted('faults');
    const broken = [
      { ...authorized(id), to: { path: 'x', tags: [], meta: {} } },
      { ...authorized(id), to: { path: 'x', tags: [], meta: { status: 'SHIPPED' } } },
      { ...authorized(id), context: { failure: null } },
    ];
    for (const transition of broken) {
      await expect(inTransaction((tx) => orderProjection(tx, [transition], nowMs))).rejects.toThrow(
        /public status|payment record/,
      );
    }
  });
});

describe('the database itself refuses', () => {
  test.each([
    [
      'a token that outlives the authorization',
      `update ledger.entry set status = 'AUTHORIZED', answer_kind = 'awaiting', answer_body = '', answer_location = '', answered_at = now()`,
    ],
    [
      'an order beyond the authorization without an answer',
      `update ledger.entry set status = 'AUTHORIZED', payment_token = null`,
    ],
    ['half an answer', `update ledger.entry set answer_kind = 'declined'`],
    ['an unknown status', `update ledger.entry set status = 'SHIPPED'`],
  ])('%s', async (_what, statement) => {
    await accepted('constraint');
    await expect(database.pg().query(statement)).rejects.toThrow(/check constraint/);
  });
});

test('no index of the entries names a column that a transition changes, so that their updates stay HOT', async () => {
  const { rows } = await database
    .pg()
    .query<{ definition: string }>(
      `select indexdef as definition from pg_indexes where schemaname = 'ledger' and tablename = 'entry' order by 1`,
    );
  expect(rows.map(({ definition }) => definition.slice(definition.indexOf('('))).toSorted()).toEqual([
    '(created_at, id)',
    '(id)',
    '(idempotency_key)',
    '(total_cents, created_at, id)',
    '(user_id, created_at, id)',
  ]);
});

/** Waits until somebody waits for a lock in this database. */
async function waitingForLock(): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await database
      .pg()
      .query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    return rowCount !== 0;
  });
}

/** Whether the row of an entry is locked by another transaction: 1 if it is. */
async function locks(id: string): Promise<number> {
  const { rowCount } = await database
    .pg()
    .query('select from ledger.entry where id = $1 for no key update skip locked', [id]);
  return rowCount === 0 ? 1 : 0;
}
