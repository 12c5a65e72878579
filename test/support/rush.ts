/** A crowd of customers who all come at the same moment, each with one order, and insist: who is refused comes again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openShop, type Item, type Send } from './shop.ts';

export interface Rush {
  /** The orders' ids, one per customer. */
  readonly accepted: readonly string[];
  /** How often somebody was refused for now: 503 with Retry-After, by the problem's code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** What no customer may see: a broken connection, or an answer that is neither an order nor a refusal for now. */
  readonly errors: readonly string[];
  /** The longest that anybody waited for an answer, whichever it was. */
  readonly slowestMs: number;
}

/** @param sends the edges, taken in turn */
export async function rush(
  sends: readonly Send[],
  options: { readonly customers: number; readonly items: readonly Item[]; readonly name: string },
): Promise<Rush> {
  const shops = sends.map(openShop);
  const refusals: Record<string, number> = {};
  const errors: string[] = [];
  let slowestMs = 0;
  const buy = async (n: number): Promise<string[]> => {
    const shop = shops[n % shops.length];
    if (!shop) throw new Error('no edge');
    for (;;) {
      const sentAtMs = performance.now();
      const answer = await shop.place({ items: options.items, key: `${options.name}-${n}` });
      slowestMs = Math.max(slowestMs, performance.now() - sentAtMs);
      if (answer.status === 202) return [answer.json<{ order_ledger_id: string }>().order_ledger_id];
      const pauseS = Number(answer.headers['retry-after']);
      if (answer.status !== 503 || !(pauseS > 0)) throw new Error(`${answer.status} ${answer.text}`);
      const { error } = answer.json<{ error: string }>();
      refusals[error] = (refusals[error] ?? 0) + 1;
      await sleep(pauseS * 1_000);
    }
  };
  const noted = (n: number): Promise<string[]> =>
    buy(n).catch((error: unknown) => {
      errors.push(`${options.name}-${n}: ${String(error instanceof Error ? (error.cause ?? error) : error)}`);
      return [];
    });
  const accepted = await Promise.all(Array.from({ length: options.customers }, (_, n) => noted(n)));
  return { accepted: accepted.flat(), refusals, errors, slowestMs };
}
