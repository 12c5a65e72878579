/** The demo in acts: what it does, in order. Knows nothing of how progress is shown. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit, type AuditReport } from '../../audit/audit.ts';
import { actorMachines } from '../../compose.ts';
import { actorStore } from '../../persistence/actor-store.ts';
import { countByState } from '../../persistence/operations.ts';
import type { DatabasePool } from '../../persistence/pool.ts';
import { lockStock } from '../../services/inventory/queries.ts';
import { type DemoApi, demoApi } from './api.ts';
import type { Report } from './progress.ts';
import { captureHangs, follow, place, type Stage } from './play.ts';
import { type Outage, type ProductName, products, type Scenario } from './scenarios.ts';
import type { DemoStack } from './stack.ts';
import { judgeShelf, type JudgedShelf, lost, type Played } from './verdict.ts';

const quietTimeoutMs = 20_000;
const quietPollMs = 100;

/** Products on the shelves, over HTTP. */
export async function stockShelves(url: string, signal: AbortSignal): Promise<Stage> {
  const api = demoApi(url, signal);
  const names = Object.keys(products) as ProductName[];
  const ids = await Promise.all(names.map((name) => stockShelf(api, name)));
  const productIds = Object.fromEntries(ids) as Record<ProductName, string>;
  return { api, signal, productIds, newKey: () => `demo-${randomUUID()}` };
}

async function stockShelf(api: DemoApi, name: ProductName): Promise<[ProductName, string]> {
  const { stock, ...product } = products[name];
  const { id } = await api.createProduct(product);
  await api.addStock(id, stock, `stock-${product.sku}`);
  return [name, id];
}

/** Kills the worker while it captures, has an order placed while none lives, and starts another. */
export async function playOutage(
  stack: DemoStack,
  stage: Stage,
  { struck, accepted }: Outage,
  report: Report,
): Promise<Played[]> {
  try {
    const victim = await place(stage, struck);
    await captureHangs(stage, victim.id);
    report('the gateway has captured, the worker has not heard of it');
    report(`worker ${await stack.killWorker()} killed (SIGKILL)`);
    const other = await place(stage, accepted);
    report(`another order was answered ${other.answer.status}`);
    report(`worker ${await stack.startWorker()} took over`);
    const followed = await Promise.all([
      follow(stage, struck, { order: victim, wrong: [], report: (line) => report(`${struck.name}: ${line}`) }),
      follow(stage, accepted, { order: other, wrong: [], report: (line) => report(`${accepted.name}: ${line}`) }),
    ]);
    return [await provenStruck(stack.pool, followed[0], victim.id), followed[1]];
  } catch (error) {
    stage.signal.throwIfAborted();
    return [lost(struck, error), lost(accepted, error)];
  }
}

/** The kill must have cost a lease: the capture is settled under the token of a second claim, or a later one. */
async function provenStruck(pool: DatabasePool, played: Played, orderId: string): Promise<Played> {
  const log = await actorStore(pool).history(orderId, { afterRevision: 0, limit: 100 });
  const effectId = log.flatMap(({ armed }) => armed).find(({ src }) => src === 'payments.capture')?.id;
  const token = log.find(({ settled }) => settled?.effectId === effectId)?.settled?.token ?? 0;
  if (token >= 2) return played;
  return {
    ...played,
    problems: [...played.problems, `the capture was claimed ${token} times, expected a second claim after the kill`],
  };
}

/**
 * Waits until no actor is under way any more: notices to customers come after their orders' ends.
 * @returns what is still under way when the time is up
 */
export async function settle(pool: DatabasePool, signal: AbortSignal): Promise<readonly string[]> {
  const endsAtMs = performance.now() + quietTimeoutMs;
  for (;;) {
    const counts = (await Promise.all(actorMachines().map(({ id }) => countByState(pool, id)))).flat();
    if (counts.length === 0 || performance.now() > endsAtMs)
      return counts.map(({ state, actors }) => `${actors} in ${state}`);
    await sleep(quietPollMs, undefined, { signal });
  }
}

export interface Books {
  readonly shelves: readonly JudgedShelf[];
  readonly report: AuditReport;
}

/** The stock as it stands, and the invariants. */
export async function closeBooks(
  pool: DatabasePool,
  productIds: Stage['productIds'],
  ordered: readonly Scenario[],
): Promise<Books> {
  const stock = await pool.transaction((tx) => lockStock(tx, Object.values(productIds)));
  const shelves = (Object.entries(productIds) as [ProductName, string][]).map(([product, id]) => {
    const shelf = stock.find(({ productId }) => productId === id);
    return judgeShelf({ product, onHand: shelf?.onHand ?? 0, reserved: shelf?.reserved ?? 0 }, ordered);
  });
  return { shelves, report: await audit(pool, { machines: actorMachines(), live: true }) };
}
