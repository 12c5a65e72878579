/** How soon the console's pages answer beside so many finished orders: what an operator may ask, one after the other, in turns. */
import { setTimeout as delay } from 'node:timers/promises';
import { Type } from '@sinclair/typebox';
import { row, sql } from '../../src/persistence/sql.ts';
import { percentile, spread } from '../figures.ts';
import { preload } from './growth.ts';
import { orderOf, placeOrders, post, seedProducts, waitUntilEnded } from './load.ts';
import { type BenchStack, openStack, type QueueBackend } from './stack.ts';

export interface PagesOptions {
  readonly backend: QueueBackend;
  /** Finished orders in the tables. */
  readonly preload: number;
  /** How often each page is asked for. */
  readonly n: number;
}

type Report = (line: object) => void;

/** One that took longer is too slow for whoever looks at it. */
const tooSlowMs = 300;

export async function measurePages(options: PagesOptions, report: Report): Promise<void> {
  const stack = await openStack(options.backend, { alsoServes: ['console'] });
  if (!stack) return report({ skipped: 'no redis-server on the PATH' });
  try {
    const products = await seedProducts(stack.edgeUrl, 100, 10_000_000);
    await placeOrders(stack.edgeUrl, products, { n: 200, inFlight: 16, prefix: 'warm' });
    await waitUntilEnded(stack.pool, 'warm', 200);
    await preload(stack, options.preload, report);
    await parkSome(stack, products);
    const pages = await pagesOf(stack, products);
    const took = new Map(pages.map(({ name }) => [name, [] as number[]]));
    const items = new Map<string, number>();
    // The first round warms up.
    for (let round = 0; round <= options.n; round += 1)
      for (const { name, path } of pages) {
        const answer = await timed(`${stack.edgeUrl}${path}`);
        if (round > 0) took.get(name)?.push(answer.tookMs);
        items.set(name, answer.items);
      }
    for (const [name, values] of took)
      report({ page: name, items: items.get(name), ...spread(values), p95: percentile(values, 95) });
    const slow = [...took].filter(([, values]) => percentile(values, 95) > tooSlowMs).map(([name]) => name);
    report({ preload: options.preload, pages: pages.length, slowerThan300Ms: slow });
  } finally {
    await stack.close();
  }
}

const parked = 40;

/** Orders whose undo the gateway refuses until its attempts are spent: they wait for a person. */
async function parkSome({ edgeUrl, pool }: BenchStack, products: readonly string[]): Promise<void> {
  const place = (n: number) => {
    const order = { ...orderOf(products, n), payment: { method: 'card', token: 'tok_capture_declined_void_fails_9' } };
    return post(edgeUrl, '/orders', order, `parked-${n}`);
  };
  await Promise.all(Array.from({ length: parked }, (_, n) => place(n)));
  // An undo is tried five times, with up to 85 s of waiting in between.
  for (;;) {
    const { n } = await pool.one(sql.type(countRow)`
      select count(*)::int4 as n from ledger.entry where idempotency_key like 'parked-%' and status = 'NEEDS_ATTENTION'`);
    if (n === parked) return;
    await delay(1_000);
  }
}

const countRow = row(Type.Object({ n: Type.Integer() }));
const someRow = row(Type.Object({ id: Type.String(), user_id: Type.String(), created_ms: Type.Number() }));

interface Page {
  readonly name: string;
  readonly path: string;
}

async function pagesOf({ pool, edgeUrl }: BenchStack, products: readonly string[]): Promise<Page[]> {
  // One from the middle of all.
  const some = await pool.one(sql.type(someRow)`
    select id::text, user_id::text, actors.to_ms(created_at) as created_ms
    from ledger.entry where created_at < now() - interval '200 days' order by created_at desc limit 1`);
  const groups = await (await fetch(`${edgeUrl}/console/api/parked`)).json();
  const cause = (groups as { groups: { cause: string }[] }).groups[0]?.cause ?? '';
  const orders = (name: string, query: Readonly<Record<string, string>>): Page => ({
    name: `orders: ${name}`,
    path: `/console/api/orders?${new URLSearchParams(query).toString()}`,
  });
  const middle = new Date(some.created_ms).toISOString();
  return [
    { name: 'overview', path: '/console/api/overview' },
    { name: 'parked', path: '/console/api/parked' },
    { name: 'parked: one group', path: `/console/api/parked/actors?${new URLSearchParams({ cause }).toString()}` },
    { name: 'machine: occupancy', path: '/console/api/machines/order/states' },
    { name: 'one order', path: `/console/api/orders/${some.id}` },
    { name: 'one order: log', path: `/console/api/orders/${some.id}/log` },
    orders('newest', {}),
    orders('from the middle', { cursor: `${Math.round(some.created_ms)}_${some.id}` }),
    ...['COMPLETED', 'FAILED', 'NEEDS_ATTENTION'].map((status) => orders(status, { status })),
    ...['stuck', 'retrying', 'compensating', 'needs_attention'].map((view) => orders(view, { view })),
    orders('of a customer', { user_id: some.user_id }),
    orders('with a product', { product_id: products[0] ?? '' }),
    orders('with a product, completed', { product_id: products[1] ?? '', status: 'COMPLETED' }),
    orders('of one week', { created_after: middle, created_before: new Date(some.created_ms + weekMs).toISOString() }),
    orders('of an amount that many have', { min_cents: '1000', max_cents: '5000' }),
    orders('of an amount that none has', { min_cents: '90000000' }),
    orders('of a customer and an amount that none has', { user_id: some.user_id, min_cents: '90000000' }),
    orders('of a cause', { parked_cause: cause }),
  ];
}

const weekMs = 7 * 24 * 60 * 60 * 1_000;

/** @throws unless it is answered 200 */
async function timed(url: string): Promise<{ tookMs: number; items: number }> {
  const sentAtMs = performance.now();
  const answer = await fetch(url);
  const text = await answer.text();
  const tookMs = performance.now() - sentAtMs;
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${text}`);
  const body = JSON.parse(text) as { items?: unknown[] };
  return { tookMs, items: body.items?.length ?? 1 };
}
