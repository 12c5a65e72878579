/** What years of finished orders cost: the same load on an empty stack and on a loaded one, by turns, in one run. */
import { Type } from '@sinclair/typebox';
import pg from 'pg';
import { createRetention } from '../../src/compose.ts';
import { row, sql } from '../../src/persistence/sql.ts';
import { copyFinishedOrder } from '../../test/support/finished-orders.ts';
import { placeOrders, seedProducts, waitUntilEnded } from './load.ts';
import { type BenchStack, openStack, type QueueBackend } from './stack.ts';

export interface GrowthOptions {
  readonly backend: QueueBackend;
  /** Finished orders in the tables of the loaded stack. */
  readonly preload: number;
  /** Orders per measurement. */
  readonly n: number;
  readonly inFlight: number;
  readonly rounds: number;
}

type Report = (line: object) => void;

/** Rounds on the empty stack and the loaded one, by turns; then on the loaded one before and while retention drops from it. */
export async function measureGrowth(options: GrowthOptions, report: Report): Promise<void> {
  const empty = await openStack(options.backend);
  const loaded = await openStack(options.backend);
  if (!empty || !loaded) return report({ skipped: 'no redis-server on the PATH' });
  try {
    const load = { empty: await warmUp(empty, options), loaded: await warmUp(loaded, options) };
    await preload(loaded, options.preload, report);
    const rates: Rates = { empty: [], loaded: [], whileDropping: [] };
    const blocks = { empty: await blocksOf(empty), loaded: await blocksOf(loaded) };
    for (let round = 1; round <= options.rounds; round += 1) {
      // In turns from either end, so that a machine that slows down or speeds up favours nobody.
      const turns = (['empty', 'loaded'] as const).map(
        (kind) => async () => void rates[kind].push(await load[kind](`${kind}${round}`)),
      );
      for (const turn of round % 2 === 1 ? turns : turns.reverse()) await turn();
      report({ round, empty: rates.empty.at(-1), loaded: rates.loaded.at(-1) });
    }
    const placed = options.rounds * options.n;
    report({
      blocksPerOrder: {
        empty: Math.round(((await blocksOf(empty)) - blocks.empty) / placed),
        loaded: Math.round(((await blocksOf(loaded)) - blocks.loaded) / placed),
      },
    });
    for (let round = 1; round <= options.rounds; round += 1) {
      const before = await load.loaded(`before${round}`);
      const during = await whileDropping(loaded, () => load.loaded(`dropping${round}`), report);
      rates.whileDropping.push(during / before);
    }
    report({ preload: options.preload, ...summary(rates) });
  } finally {
    await loaded.close();
    await empty.close();
  }
}

/** @returns places `n` orders under keys of their own, and gives orders per second to their ends */
async function warmUp(stack: BenchStack, { n, inFlight }: GrowthOptions): Promise<(prefix: string) => Promise<number>> {
  const products = await seedProducts(stack.edgeUrl, 100, 1_000_000);
  const run = async (prefix: string, orders: number): Promise<number> => {
    const startedAtMs = performance.now();
    await placeOrders(stack.edgeUrl, products, { n: orders, inFlight, prefix });
    await waitUntilEnded(stack.pool, prefix, orders);
    return (orders / (performance.now() - startedAtMs)) * 1_000;
  };
  await run('warm', 200);
  return (prefix) => run(prefix, n);
}

/** Needs a completed order whose notice was sent. */
export async function preload({ databaseUrl }: BenchStack, copies: number, report: Report): Promise<void> {
  const startedAtMs = performance.now();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `select e.id from ledger.entry e join notice.mailbox m on m.order_id = e.id where e.status = 'COMPLETED' limit 1`,
    );
    await client.query('set synchronous_commit = off');
    await copyFinishedOrder(client, { orderId: rows[0]?.id ?? '', copies, oldestDays: 400, newestDays: 10 });
    // As autovacuum would have left it.
    await client.query('vacuum analyze');
    await client.query('checkpoint');
    const { rows: sizes } = await client.query<{ size: string }>(
      'select pg_size_pretty(pg_database_size(current_database())) as size',
    );
    report({ preloaded: copies, seconds: seconds(startedAtMs), size: sizes[0]?.size });
  } finally {
    await client.end();
  }
}

async function whileDropping(stack: BenchStack, load: () => Promise<number>, report: Report): Promise<number> {
  const stopping = new AbortController();
  const pass = createRetention(stack.pool, stack.databaseUrl).runOnce({ olderThanDays: 10, signal: stopping.signal });
  const startedAtMs = performance.now();
  try {
    return await load();
  } finally {
    stopping.abort();
    report({ dropped: await pass, seconds: seconds(startedAtMs) });
  }
}

/** Orders per second, by round; of `whileDropping` the share of what the same stack did just before. */
type Rates = Readonly<Record<'empty' | 'loaded' | 'whileDropping', number[]>>;

/** Ratios within each round, so that what disturbed both disturbs neither. */
function summary({ empty, loaded, whileDropping: dropping }: Rates) {
  const spread = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 100) / 100;
    return { median: at(0.5), least: at(0), most: at(1) };
  };
  return {
    ordersPerSecond: { empty: spread(empty), loaded: spread(loaded) },
    loadedToEmpty: spread(loaded.map((rate, i) => rate / (empty[i] ?? rate))),
    whileDroppingToBefore: spread(dropping),
  };
}

/** Idle sessions hand in what they have counted after ten seconds. */
const countedAfterMs = 11_000;

/**
 * Pages that sessions have looked at so far, without vacuum's: what an order costs the database, however busy the machine is
 * with other things.
 */
async function blocksOf({ pool }: BenchStack): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, countedAfterMs));
  const { blocks } = await pool.one(sql.type(blocksRow)`
    select sum(hits + reads)::float8 as blocks from pg_stat_io where backend_type = 'client backend'`);
  return blocks;
}

const blocksRow = row(Type.Object({ blocks: Type.Number() }));

const seconds = (sinceMs: number): number => Math.round((performance.now() - sinceMs) / 100) / 10;
