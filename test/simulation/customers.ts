/** Customers: they order, ask again under the same key when no answer comes, and may change their mind, twice. */
import type { Json } from '../../src/actors/index.ts';
import type { Accepted } from './books.ts';
import type { Tables } from './memory-database.ts';
import type { SimulatedProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

export interface Market {
  readonly scheduler: Scheduler;
  readonly tables: Tables;
  readonly any: () => SimulatedProcess;
  /** On the world's time; whoever sleeps here does not die. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly violated: (what: string) => void;
  /** What each key was answered. */
  readonly told: Map<string, string>;
  readonly isRush: boolean;
}

export type Order = Accepted & { readonly input: Json };

/** They come over a while, or all at once: then commits carry several of them. */
const arrivalsMs = [20_000, 500] as const;
const patienceMs = 10_000;
const maxRequests = 8;

export async function shop(market: Market, order: Order): Promise<void> {
  const { scheduler, told } = market;
  await market.sleep(scheduler.below(arrivalsMs[market.isRush ? 1 : 0]));
  if (scheduler.chance(0.25)) void cancelSoon(market, order.key);
  else if (scheduler.chance(0.4)) void cancelWhenSlow(market, order.key);
  for (let request = 0; request < maxRequests; request += 1) {
    const answered = await askFor(market, order);
    if (answered === null) continue;
    const before = told.get(order.key);
    if (before !== undefined && before !== answered)
      market.violated(`A2: ${order.key} was told ${before}, then ${answered}`);
    told.set(order.key, answered);
    if (scheduler.chance(0.7)) return;
  }
}

/** @returns null when no answer came in time */
async function askFor({ any, sleep }: Market, order: Order): Promise<string | null> {
  const overdue = new AbortController();
  const answer = await Promise.race([
    any()
      .place(order)
      .then(
        (placed) => `${placed.orderId} ${placed.answer}`,
        () => null,
      ),
    sleep(patienceMs, overdue.signal).then(() => null),
  ]);
  overdue.abort('answered');
  return answer;
}

async function cancelSoon(market: Market, key: string): Promise<void> {
  const { scheduler, tables, any, sleep } = market;
  const isImpatient = scheduler.chance(0.7);
  await sleep(scheduler.below(isImpatient ? 600 : 30_000));
  for (let times = scheduler.chance(0.5) ? 2 : 1; times > 0; times -= 1) {
    const id = tables.keys.get(key);
    if (id !== undefined)
      void any()
        .system.send(id, { type: 'CANCEL' })
        .catch(() => {});
    await sleep(scheduler.below(50));
  }
}

const lookEveryMs = 400;
const looks = 60;

/** Cancels once a call hangs: it may still arrive, after all that it did was undone. */
async function cancelWhenSlow({ scheduler, tables, any, sleep }: Market, key: string): Promise<void> {
  for (let n = 0; n < looks; n += 1) {
    await sleep(lookEveryMs);
    const id = tables.keys.get(key);
    const hangs = tables.actors
      .get(id ?? '')
      ?.effects.some(({ lease, timeoutMs }) => lease && lease.untilMs - scheduler.nowMs() < timeoutMs);
    if (id === undefined || !hangs) continue;
    await any()
      .system.send(id, { type: 'CANCEL' })
      .catch(() => {});
    return;
  }
}
