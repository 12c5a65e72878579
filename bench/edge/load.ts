/** The load of the edge workload: products, then many orders at a time, then waiting for their ends. */
import { Agent, request } from 'node:http';
import { Type } from '@sinclair/typebox';
import type { DatabasePool } from '../../src/persistence/pool.ts';
import { row, sql } from '../../src/persistence/sql.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 1_024 });

export async function seedProducts(edgeUrl: string, count: number, stock: number, sku = 'BENCH'): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const { body } = await post(edgeUrl, '/products', {
      name: `Product ${i}`,
      sku: `${sku}-${i}`,
      price_cents: 1_000 + i,
      initial_stock: stock,
    });
    ids.push((JSON.parse(body) as { id: string }).id);
  }
  return ids;
}

/** @returns how long each POST took that was accepted, in ms; and how many were refused for now before */
export async function placeOrders(
  edgeUrl: string,
  products: readonly string[],
  { n, inFlight, prefix }: { n: number; inFlight: number; prefix: string },
): Promise<{ latenciesMs: number[]; refused: number }> {
  const latenciesMs: number[] = [];
  let refused = 0;
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < n) {
      const i = next++;
      const placed = await place(edgeUrl, orderOf(products, i), `${prefix}-${i}`);
      latenciesMs.push(placed.tookMs);
      refused += placed.refused;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return { latenciesMs, refused };
}

const maxAttempts = 300;
const defaultPauseMs = 200;

/** Who is refused for now comes again under the same key when Retry-After says so, as any client would. */
async function place(edgeUrl: string, order: object, key: string): Promise<{ tookMs: number; refused: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const startedAtMs = performance.now();
    const { status, body, retryAfterMs } = await post(edgeUrl, '/orders', order, key);
    if (status === 202) return { tookMs: performance.now() - startedAtMs, refused: attempt - 1 };
    if (![409, 429, 503].includes(status) || attempt === maxAttempts) throw new Error(`${status}: ${body}`);
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs ?? defaultPauseMs));
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

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  /** What Retry-After says, if it is there. */
  readonly retryAfterMs: number | null;
}

/** @param via the connections to use; default: at most 1,024 of its own */
export function post(base: string, path: string, body: object, key?: string, via = agent): Promise<PostAnswer> {
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
      const { 'retry-after': retryAfter } = response.headers;
      const retryAfterMs = retryAfter === undefined ? null : Number(retryAfter) * 1_000;
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer, retryAfterMs }));
    });
    call.on('error', reject);
    call.end(text);
  });
}
