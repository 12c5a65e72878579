/**
 * POST /orders to COMPLETED, with every participant and the gateway: a burst, then single orders at a slow pace, then half of
 * what the burst reached, for the time of a POST under load that can be carried.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '@sinclair/typebox';
import { audit } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { commitFeed } from '../../src/persistence/commit-feed.ts';
import { row, sql } from '../../src/persistence/sql.ts';
import { openMeter, othersCores, perMany } from '../engines/meter.ts';
import { median, percentile, round } from '../figures.ts';
import { orderOf, placeOrders, post, seedProducts, waitUntilEnded } from './load.ts';
import type { BenchStack } from './stack.ts';

export interface EdgeOptions {
  readonly n: number;
  readonly inFlight: number;
  /** Orders at the slow pace; 0: none. */
  readonly paced: number;
  readonly perSecond: number;
}

const warmUp = 200;
const refusedForNow = new Set([409, 429, 503]);
/** Idle sessions hand in what they have counted after ten seconds. */
const countedAfterMs = 11_000;
const halfPeakSeconds = 10;

export async function driveEdge(stack: BenchStack, options: EdgeOptions) {
  const { edgeUrl, pool, processes } = stack;
  const { n, inFlight } = options;
  const products = await seedProducts(edgeUrl, 100, 1_000_000);
  await placeOrders(edgeUrl, products, { n: warmUp, inFlight, prefix: 'warm' });
  await waitUntilEnded(pool, 'warm', warmUp);
  await using meter = await openMeter(stack.databaseUrl);
  await sleep(countedAfterMs);
  const counted = await meter.counters();
  const before = await meter.read(processes);
  const startedAtMs = performance.now();
  const { latenciesMs, refused } = await placeOrders(edgeUrl, products, { n, inFlight, prefix: 'load' });
  const acceptedMs = performance.now() - startedAtMs;
  await waitUntilEnded(pool, 'load', n);
  const endedMs = performance.now() - startedAtMs;
  const after = await meter.read(processes);
  await sleep(countedAfterMs);
  const countedAfter = await meter.counters();
  const { cpuSecondsPer1000, walBytes } = perMany(before, after, n);
  const others = othersCores(before, after, endedMs);
  const ordersPerSecond = n / (endedMs / 1_000);
  const single =
    options.paced > 0 ? await paced(stack, products, { ...options, prefix: 'slow', n: options.paced }) : null;
  const half = options.paced > 0 ? await paced(stack, products, halfOf(ordersPerSecond)) : null;
  await agree(stack);
  return {
    orders: n,
    ordersPerSecond: round(ordersPerSecond),
    refused,
    acceptedPerSecond: round(n / (acceptedMs / 1_000)),
    postP50Ms: median(latenciesMs),
    postP99Ms: percentile(latenciesMs, 99),
    completedP50Ms: single && median(single.completedMs),
    completedP99Ms: single && percentile(single.completedMs, 99),
    halfPeakPostP50Ms: half && median(half.postMs),
    halfPeakRefused: half && half.refused,
    halfPeakPostP99Ms: half && percentile(half.postMs, 99),
    cpuSecondsPer1000: Object.fromEntries(
      Object.entries(cpuSecondsPer1000).map(([name, seconds]) => [name, round(seconds)]),
    ),
    cpuSecondsPer1000All: round(Object.values(cpuSecondsPer1000).reduce((sum, seconds) => sum + seconds, 0)),
    commitsPerOrder: round((countedAfter.commits - counted.commits) / n),
    fsyncsPerOrder: round((countedAfter.fsyncs - counted.fsyncs) / n),
    walBytesPerOrder: Math.round(walBytes),
    hotUpdates: await hotUpdates(stack),
    othersCores: others === null ? null : round(others),
    audit: 'clean',
  };
}

/** Of the tables that orders update: the share of updates that wrote no index entry (heap-only tuples). */
async function hotUpdates({ pool }: BenchStack): Promise<Readonly<Record<string, number>>> {
  const tables = await pool.any(sql.type(updatesRow)`
    select schemaname || '.' || relname as name, n_tup_upd::int4 as updates, n_tup_hot_upd::int4 as hot
    from pg_stat_user_tables where n_tup_upd >= 100 order by n_tup_upd desc`);
  return Object.fromEntries(tables.map(({ name, updates, hot }) => [name, round(hot / updates)]));
}

const updatesRow = row(Type.Object({ name: Type.String(), updates: Type.Integer(), hot: Type.Integer() }));

const halfOf = (ordersPerSecond: number) => {
  const perSecond = Math.max(1, Math.floor(ordersPerSecond / 2));
  return { perSecond, n: perSecond * halfPeakSeconds, prefix: 'half' };
};

interface Paced {
  /** Of the accepted ones. */
  readonly postMs: readonly number[];
  /** Until the last commit of an order was heard of. */
  readonly completedMs: readonly number[];
  /** For now, and not asked again. */
  readonly refused: number;
}

/** An open loop: a slow answer delays nobody. */
async function paced(
  { edgeUrl, databaseUrl, pool }: BenchStack,
  products: readonly string[],
  { n, perSecond, prefix }: { readonly n: number; readonly perSecond: number; readonly prefix: string },
): Promise<Paced> {
  const heardAtMs = new Map<string, number>();
  const feed = await commitFeed(databaseUrl, (error) => process.stderr.write(`feed: ${error.message}\n`));
  feed.onAny((ids) => ids.forEach((id) => heardAtMs.set(id, performance.now())));
  const postMs: number[] = [];
  const sentAtMs = new Map<string, number>();
  let refused = 0;
  const one = async (i: number): Promise<void> => {
    const startedAtMs = performance.now();
    const { status, body } = await post(edgeUrl, '/orders', orderOf(products, i), `${prefix}-${i}`);
    if (refusedForNow.has(status)) {
      refused += 1;
      return;
    }
    if (status !== 202) throw new Error(`${status}: ${body}`);
    postMs.push(performance.now() - startedAtMs);
    sentAtMs.set((JSON.parse(body) as { order_ledger_id: string }).order_ledger_id, startedAtMs);
  };
  const startedAtMs = performance.now();
  const underWay: Promise<void>[] = [];
  for (let i = 0; i < n; i += 1) {
    const waitMs = startedAtMs + (i * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    underWay.push(one(i));
  }
  await Promise.all(underWay);
  await waitUntilEnded(pool, prefix, n - refused);
  await feed.stop();
  // Under load a commit may name too many actors for one notice: then its orders have no time.
  const completedMs = [...sentAtMs].flatMap(([id, atMs]) => {
    const heard = heardAtMs.get(id);
    return heard === undefined ? [] : [heard - atMs];
  });
  return { postMs, completedMs, refused };
}

async function agree({ pool }: BenchStack): Promise<void> {
  const { clean, findings } = await audit(pool, { machines: actorMachines(), live: true });
  if (!clean) throw new Error(`the books do not agree, so this run does not count: ${JSON.stringify(findings)}`);
}
