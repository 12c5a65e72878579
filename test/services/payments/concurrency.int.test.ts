import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { entriesOf, assertConsistent, type Gateway, newKey, openGateway } from './gateway.ts';

const database = useDatabase();
const rounds = 40;
let gateways: Gateway[];
/** Two in turns, as two processes: what meets in one shares statements, what meets between them is up to the database. */
let gateway: Pick<Gateway, 'authorize' | 'authorized' | 'post'>;
beforeAll(async () => {
  gateways = [await openGateway(database.pool()), await openGateway(database.pool())];
  let calls = 0;
  const next = (): Gateway => {
    const one = gateways[(calls += 1) % 2];
    if (!one) throw new Error('there are two');
    return one;
  };
  gateway = {
    authorize: (...call) => next().authorize(...call),
    authorized: (...call) => next().authorized(...call),
    post: (...call) => next().post(...call),
  };
});
afterEach(() => assertConsistent(database.pg()));
afterAll(() => Promise.all(gateways.map(({ app }) => app.close())));

describe('concurrent calls with one key take effect once and get one answer', () => {
  test('authorize', async () => {
    const key = newKey();
    const answers = await all(20, () => gateway.authorize('tok_visa', key));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000']);
  });

  test('authorize, declined', async () => {
    const key = newKey();
    const answers = await all(20, () => gateway.authorize('tok_decline_stolen', key));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await entriesOf(database.pg(), key)).toEqual(['decline 5000']);
  });

  test('capture, then refund', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa', key);
    for (const operation of ['capture', 'refund']) {
      const idempotency_key = newKey();
      const answers = await all(20, () => gateway.post(`/payments/${operation}/${id}`, { idempotency_key }));
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    }
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 5000', 'refund 5000']);
  });

  test('void by key', async () => {
    const key = newKey();
    await gateway.authorized('tok_visa', key);
    const body = { idempotency_key: newKey(), authorize_idempotency_key: key };
    const answers = await all(20, () => gateway.post('/payments/void', body));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'void 5000']);
  });

  test('with different bodies: one is answered, the others are 422', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => gateway.authorize('tok_visa', key, { amount_cents: 1000 + i })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(9).fill(422)]);
    expect(await entriesOf(database.pg(), key)).toHaveLength(1);
  });

  test('flaky_3: exactly three are struck', async () => {
    const key = newKey();
    const answers = await all(12, () => gateway.authorize('tok_flaky_3', key));
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
  });
});

describe('concurrent calls with different keys', () => {
  test('capture an authorization once', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa', key);
    const answers = await all(10, () => gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() }));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(9).fill(409)]);
    expect(await entriesOf(database.pg(), key)).toEqual(['authorize 5000', 'capture 5000']);
  });

  test('refund no more than was captured', async () => {
    const key = newKey();
    const id = await gateway.authorized('tok_visa', key);
    await gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
    const refund = () => gateway.post(`/payments/refund/${id}`, { idempotency_key: newKey(), amount_cents: 1200 });
    const answers = await all(10, refund);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
    expect((await entriesOf(database.pg(), key)).filter((entry) => entry === 'refund 1200')).toHaveLength(4);
  });
});

test('of many calls at once, each does its own and gets its own answer', async () => {
  const tokens = ['tok_visa', 'tok_decline_stolen', 'tok_capture_declined', 'tok_visa'];
  const keys = Array.from({ length: 80 }, newKey);
  const opened = await Promise.all(keys.map((key, i) => gateway.authorize(tokens[i % 4] ?? '', key)));
  expect(opened.map(({ status }) => status)).toEqual(keys.map((_, i) => (i % 4 === 1 ? 402 : 200)));
  const ids = opened.map(({ body }) => String(body['authorization_id']));
  const captures = keys.map((_, i) => i).filter((i) => i % 4 !== 1);
  const captured = await Promise.all(
    captures.map((i) =>
      gateway.post(`/payments/capture/${ids[i]}`, { idempotency_key: `${keys[i]}-c`, amount_cents: 1_000 + i }),
    ),
  );
  expect(captured.map(({ status }) => status)).toEqual(captures.map((i) => (i % 4 === 2 ? 402 : 200)));
  for (const [i, key] of keys.entries()) {
    const money = [
      [`authorize 5000`, `capture ${1_000 + i}`, `release ${4_000 - i}`],
      ['decline 5000'],
      ['authorize 5000'],
    ];
    expect(await entriesOf(database.pg(), key)).toEqual(money[i % 4] ?? money[0]);
  }
});

describe('races', () => {
  test('void by key against authorize: never a live authorization', async () => {
    const endings = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const key = newKey();
      const voiding = (idempotency_key: string) =>
        gateway.post('/payments/void', { authorize_idempotency_key: key, idempotency_key });
      const [authorized, ...voids] = await Promise.all([
        setOff(round % 4).then(() => gateway.authorize('tok_visa', key)),
        voiding(`${key}-void`),
        voiding(`${key}-void`),
        voiding(`${key}-other`),
      ]);
      const entries = (await entriesOf(database.pg(), key)).join(', ');
      endings.add(`${authorized.status} ${voids.map(({ body }) => body['status']).join(' ')}: ${entries}`);
      expect((await gateway.authorize('tok_visa', key)).text).toBe(authorized.text);
    }
    expect([...endings].toSorted()).toEqual([
      '200 voided voided voided: authorize 5000, void 5000',
      '409 nothing nothing nothing: ',
    ]);
  });

  test('capture against void: one wins, the other is refused', async () => {
    const endings = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const key = newKey();
      const id = await gateway.authorized('tok_visa', key);
      const capture = () => gateway.post(`/payments/capture/${id}`, { idempotency_key: newKey() });
      const voidById = () => gateway.post(`/payments/void/${id}`, { idempotency_key: newKey() });
      const voidByKey = () =>
        gateway.post('/payments/void', { authorize_idempotency_key: key, idempotency_key: newKey() });
      const voiding = round % 4 < 2 ? voidById : voidByKey;
      const [captured, voided] =
        round % 2 === 0
          ? await Promise.all([capture(), voiding()])
          : // A void asks more of the database than a capture does.
            (await Promise.all([voiding(), setOff(round % 8).then(capture)])).toReversed();
      const entries = (await entriesOf(database.pg(), key)).join(', ');
      const ending = `${captured?.status} ${voided?.status} ${entries}`;
      expect(['200 409 authorize 5000, capture 5000', '409 200 authorize 5000, void 5000']).toContain(ending);
      endings.add(ending);
    }
    expect(endings.size).toBe(2);
  });

  test('voids that name each other as authorize key do not deadlock', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [newKey(), newKey()];
      const answers = await Promise.all([
        gateway.post('/payments/void', { idempotency_key: a, authorize_idempotency_key: b }),
        gateway.post('/payments/void', { idempotency_key: b, authorize_idempotency_key: a }),
        gateway.authorize('tok_visa', a),
        gateway.authorize('tok_visa', b),
      ]);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    }
  });
});

/** Lets the others get ahead by some round trips to the database. */
async function setOff(roundTrips: number): Promise<void> {
  for (let i = 0; i < roundTrips; i++) await database.pg().query('select 1');
}

function all<T>(times: number, call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, call));
}
