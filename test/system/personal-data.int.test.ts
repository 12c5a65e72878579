/** An e-mail address and a payment token are where they are needed, and nowhere else: canaries are looked for everywhere. */
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { startOtlpReceiver } from '../telemetry/otlp-receiver.ts';
import { eventually } from '../support/wait.ts';
import { userId } from '../support/shop.ts';
import { onEachBackend, type StackKit } from '../support/stack.ts';

const email = 'canary-7f3a@example.com';
const canary = /canary-7f3a|tok_canary/;
/** Each way to end writes logs, snapshots and messages of its own. */
const tokens = ['visa', 'decline_stolen', 'capture_declined', 'flaky_9', 'auth_expires', 'flaky_2'].map(
  (scenario) => `tok_canary_${scenario}`,
);

onEachBackend('personal data', (kit) => {
  it('is in no actor, message, job, log line, trace or gateway record; the token is gone once it is settled', async () => {
    const collector = await startOtlpReceiver();
    onTestFinished(() => collector.close());
    const loud = { LOG_LEVEL: 'trace', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    // Nobody takes the jobs yet: they can be looked at.
    const edge = await kit.start({ ROLE: 'edge,inventory', ...loud });
    const productId = await edge.shop.product({ stock: 100 });
    const place = (token: string) =>
      edge.shop.place({
        items: [{ productId, quantity: 1 }],
        email,
        token,
        key: `key-of-${token.length}-${token.at(-1)}`,
      });
    const answers = await Promise.all(tokens.map(place));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 202, 202, 202, 202, 402]);
    // Published after the answer.
    const queued = await eventually(async () => {
      const all = await everythingInQueue(kit);
      return all.jobs > 0 ? all : null;
    });
    expect(queued.text).not.toMatch(canary);

    const worker = await kit.start({ ROLE: 'worker', ...loud });
    await kit.settled();
    const found = await tablesWith(kit);
    // The ledger's e-mail, which the notice was sent to. Not the token: every authorization is settled.
    expect(found).toEqual({ email: ['ledger.entry', 'notice.mailbox'], token: [] });
    expect(
      kit
        .logged()
        .split('\n')
        .filter((line) => canary.test(line)),
    ).toEqual([]);
    expect(kit.logged()).toContain('notice sent');
    expect((await everythingInQueue(kit)).text).not.toMatch(canary);

    const shown = await Promise.all(
      ['/orders', `/orders?user_id=550e8400-e29b-41d4-a716-446655440000`].map((path) =>
        edge.shop.send({ method: 'GET', path }),
      ),
    );
    for (const { text, status } of shown) {
      expect(status).toBe(200);
      expect(text).not.toMatch(canary);
    }

    await Promise.all([edge.close(), worker.close()]);
    expect(collector.spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /orders', 'call payments.authorize', 'order failed', 'call notices.send']),
    );
    expect(collector.bodies.filter((body) => canary.test(body))).toEqual([]);
  });

  it('is in no problem that a request is refused with, nor in what is logged of it', async () => {
    const edge = await kit.start({ LOG_LEVEL: 'trace' });
    const productId = await edge.shop.product();
    const items = [{ productId, quantity: 1 }];
    const key = 'key-of-another-body';
    await edge.shop.placed({ items, email, token: 'tok_canary_visa', key });
    const body = { user_id: userId, email, items: [], payment: { method: 'card', token: 'tok_canary_visa' } };
    const send = (path: string, sent: object, idempotencyKey = 'canary-7f3a-key') =>
      edge.shop.send({ method: 'POST', path, headers: { 'idempotency-key': idempotencyKey }, body: sent });
    const answers = await Promise.all([
      send('/orders', body),
      send('/orders', { ...body, email: `${email} ${email}` }),
      send('/orders', { ...body, payment: { method: 'card', token: ['tok_canary_visa'] } }),
      send('/orders', { ...body, payment: { method: 'canary-7f3a', token: 'tok_canary_visa' } }),
      edge.shop.place({ items, email: `other-${email}`, token: 'tok_canary_other', key }),
      edge.shop.place({ items: [{ productId: userId, quantity: 1 }], email, token: 'tok_canary_visa', key: 'unknown' }),
      send('/payments/authorize', { amount_cents: 'tok_canary_visa', payment_token: 'tok_canary_visa' }),
      send('/notices', { email }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 422, 422, 400, 404]);
    for (const { text } of answers) expect(text).not.toMatch(canary);
  });
});

/** Tables of every schema with a row that holds a canary. */
async function tablesWith(kit: StackKit): Promise<{ email: string[]; token: string[] }> {
  const tables = await kit.pg().query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const holding = async (text: string): Promise<string[]> => {
    const found: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await kit.pg().query(`select from ${name} as t where t::text like $1 limit 1`, [`%${text}%`]);
      if (rows.length > 0) found.push(name);
    }
    return found;
  };
  return { email: await holding('canary-7f3a'), token: await holding('tok_canary') };
}

/** All that the queue's backend keeps, as text, and how many jobs are in it. */
async function everythingInQueue(kit: StackKit): Promise<{ text: string; jobs: number }> {
  const redis = kit.redis();
  const text = redis ? await dumpOf(redis.url) : await queueTables(kit);
  return { text, jobs: [...text.matchAll(/actors[\\"]+:/g)].length };
}

async function queueTables(kit: StackKit): Promise<string> {
  const tables = await kit
    .pg()
    .query<{ name: string }>(`select quote_ident(tablename) as name from pg_tables where schemaname = 'bullmq'`);
  expect(tables.rows.length).toBeGreaterThan(0);
  const texts = tables.rows.map(async ({ name }) => {
    const { rows } = await kit.pg().query<{ row: string }>(`select t::text as row from bullmq.${name} as t`);
    return rows.map(({ row }) => row).join('\n');
  });
  return (await Promise.all(texts)).join('\n');
}

async function dumpOf(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    const values = keys.map(async (key) => {
      switch (await redis.type(key)) {
        case 'hash':
          return JSON.stringify(await redis.hgetall(key));
        case 'list':
          return (await redis.lrange(key, 0, -1)).join();
        case 'zset':
          return (await redis.zrange(key, '0', '-1')).join();
        case 'stream':
          return JSON.stringify(await redis.xrange(key, '-', '+'));
        case 'set':
          return (await redis.smembers(key)).join();
        default:
          return redis.get(key);
      }
    });
    return [...keys, ...(await Promise.all(values))].join('\n');
  } finally {
    redis.disconnect();
  }
}
