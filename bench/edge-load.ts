/** The load of the edge workload: products, then many orders at a time, then waiting for their ends. */
import { Agent, request } from 'node:http';
import { Type } from '@sinclair/typebox';
import type { DatabasePool } from '../src/persistence/pool.ts';
import { row, sql } from '../src/persistence/sql.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

export async function seedProducts(edgeUrl: string, count: number, stock: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const { body } = await post(edgeUrl, '/products', {
      name: `Product ${i}`,
      sku: `BENCH-${i}`,
      price_cents: 1_000 + i,
      initial_stock: stock,
    });
    ids.push((JSON.parse(body) as { id: string }).id);
  }
  return ids;
}

/** @returns how long each POST took, in ms */
export async function placeOrders(
  edgeUrl: string,
  products: readonly string[],
  { n, inFlight, prefix }: { n: number; inFlight: number; prefix: string },
): Promise<{ latenciesMs: number[] }> {
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < n) {
      const i = next++;
      const startedAtMs = performance.now();
      await place(edgeUrl, orderOf(products, i), `${prefix}-${i}`);
      latenciesMs.push(performance.now() - startedAtMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return { latenciesMs };
}

const maxAttempts = 10;

/** On a busy machine an answer may not be ready in time: asked for again under the same key, as any client would. */
async function place(edgeUrl: string, order: object, key: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await post(edgeUrl, '/orders', order, key);
    if (status === 202) return;
    if (![409, 429, 503].includes(status) || attempt === maxAttempts) throw new Error(`${status}: ${body}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export function orderOf(products: readonly string[], i: number) {
  return {
    user_id: '550e8400-e29b-41d4-a716-446655440000',
    email: 'bench@example.com',
    items: [{ product_id: products[i % products.length], quantity: 1 }],
    payment: { method: 'card', token: 'tok_visa_success' },
  };
}

const endedRow = row(Type.Object({ ended: Type.Integer() }));

/** @param prefix of the orders' keys: looked for by the index of keys, whatever else is in the table */
export async function waitUntilEnded(pool: DatabasePool, prefix: string, orders: number): Promise<void> {
  for (;;) {
    const { ended } = await pool.one(sql.type(endedRow)`
      select count(*)::int4 as ended from ledger.entry
      where idempotency_key > ${`${prefix}-`} and idempotency_key < ${`${prefix}.`}
        and status in ('COMPLETED', 'FAILED', 'CANCELLED', 'AUTHORIZATION_FAILED')`);
    if (ended >= orders) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** @param via the connections to use; default: at most 256 of its own */
export function post(
  base: string,
  path: string,
  body: object,
  key?: string,
  via = agent,
): Promise<{ status: number; body: string }> {
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(key ? { 'idempotency-key': key } : {}),
  };
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, base), { method: 'POST', agent: via, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (answer += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
    });
    call.on('error', reject);
    call.end(text);
  });
}
