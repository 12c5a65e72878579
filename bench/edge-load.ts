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
      const { status, body } = await post(edgeUrl, '/orders', orderOf(products, i), `${prefix}-${i}`);
      if (status !== 202) throw new Error(`${status}: ${body}`);
      latenciesMs.push(performance.now() - startedAtMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return { latenciesMs };
}

function orderOf(products: readonly string[], i: number) {
  return {
    user_id: '550e8400-e29b-41d4-a716-446655440000',
    email: 'bench@example.com',
    items: [{ product_id: products[i % products.length], quantity: 1 }],
    payment: { method: 'card', token: 'tok_visa_success' },
  };
}

const endedRow = row(Type.Object({ ended: Type.Integer() }));

export async function waitUntilEnded(pool: DatabasePool, orders: number): Promise<void> {
  for (;;) {
    const { ended } = await pool.one(sql.type(endedRow)`
      select (select count(*) from actors.actor where status = 'done' and machine = 'order')::int4 as ended`);
    if (ended >= orders) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function post(base: string, path: string, body: object, key?: string): Promise<{ status: number; body: string }> {
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(key ? { 'idempotency-key': key } : {}),
  };
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, base), { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (answer += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
    });
    call.on('error', reject);
    call.end(text);
  });
}
