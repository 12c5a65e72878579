/** One product that everybody wants: 1,000 buyers at once for 100 pieces, then as many as there are, beside 100 products. */
import { Type } from '@sinclair/typebox';
import { row, sql } from '../../src/persistence/sql.ts';
import { cpuTimeMs } from '../engines/cpu-time.ts';
import { placeOrders, seedProducts, waitUntilEnded } from './load.ts';
import { round, spread } from '../figures.ts';
import type { BenchStack } from './stack.ts';

export interface HotOptions {
  readonly stack: BenchStack;
  readonly n: number;
  readonly inFlight: number;
  readonly rounds: number;
}

const buyers = 1_000;
const pieces = 100;

export async function hot({ stack, n, inFlight, rounds }: HotOptions) {
  const { edgeUrl, pool } = stack;
  const [scarce = ''] = await seedProducts(edgeUrl, 1, pieces, 'SCARCE');
  const [plenty = ''] = await seedProducts(edgeUrl, 1, 10_000_000, 'PLENTY');
  const many = await seedProducts(edgeUrl, 100, 1_000_000);
  await timed(stack, many, { n: 300, inFlight, prefix: 'warm' });
  const rush = await timed(stack, [scarce], { n: buyers, inFlight: buyers, prefix: 'rush' });
  const sold = await pool.one(sql.type(soldRow)`
    select (select count(*) from ledger.entry where idempotency_key like 'rush-%' and status = 'COMPLETED')::int4 as completed,
      on_hand, reserved
    from inventory.stock where product_id = ${scarce}`);
  const [oneProduct, manyProducts]: [Rate[], Rate[]] = [[], []];
  for (let turn = 1; turn <= rounds; turn += 1) {
    oneProduct.push(await timed(stack, [plenty], { n, inFlight, prefix: `one-${turn}` }));
    manyProducts.push(await timed(stack, many, { n, inFlight, prefix: `many-${turn}` }));
  }
  const { deadlocks } = await pool.one(sql.type(deadlockRow)`
    select deadlocks::int4 as deadlocks from pg_stat_database where datname = current_database()`);
  return {
    buyers,
    pieces,
    ...sold,
    deadlocks,
    rush,
    oneProduct: rates(oneProduct),
    manyProducts: rates(manyProducts),
    share: spread(
      oneProduct.map(({ ordersPerSecond }, i) => ordersPerSecond / (manyProducts[i]?.ordersPerSecond ?? 1)),
    ),
  };
}

const soldRow = row(Type.Object({ completed: Type.Integer(), on_hand: Type.Integer(), reserved: Type.Integer() }));
const deadlockRow = row(Type.Object({ deadlocks: Type.Integer() }));

interface Rate {
  readonly ordersPerSecond: number;
  readonly cpuMsPerOrder: number | null;
}

const rates = (measured: readonly Rate[]) => ({
  ordersPerSecond: spread(measured.map(({ ordersPerSecond }) => ordersPerSecond)),
  cpuMsPerOrder: spread(measured.flatMap(({ cpuMsPerOrder }) => cpuMsPerOrder ?? [])),
});

/** From the first request to the last order's end, whichever that is. */
async function timed(
  { edgeUrl, pool, pids }: BenchStack,
  products: readonly string[],
  load: { readonly n: number; readonly inFlight: number; readonly prefix: string },
): Promise<Rate> {
  const startedAtMs = performance.now();
  const usedMs = await cpuTimeMs(pids);
  await placeOrders(edgeUrl, products, load);
  await waitUntilEnded(pool, load.prefix, load.n);
  const endedUsedMs = await cpuTimeMs(pids);
  return {
    ordersPerSecond: round((load.n * 1_000) / (performance.now() - startedAtMs)),
    cpuMsPerOrder: usedMs === null || endedUsedMs === null ? null : round((endedUsedMs - usedMs) / load.n),
  };
}
