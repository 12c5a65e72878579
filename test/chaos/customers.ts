/** Customers, who order, cancel, ask again and give up; and what they remember of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpAnswer, type Item, openShop, overHttp, type Shop } from '../support/shop.ts';
import type { Chance } from './chance.ts';

/** What a customer saw of one order: `ok` is a 202 or 402, `fail` a refusal for now, `unknown` no answer at all. */
export interface Remembered {
  readonly key: string;
  readonly token: string;
  readonly item: Item;
  invoked: number;
  readonly ok: HttpAnswer[];
  fail: number;
  unknown: number;
  /** Statuses of the answers to a cancellation; null: no answer came. */
  readonly cancelled: (number | null)[];
}

export interface Customers {
  readonly history: readonly Remembered[];
  /** How often somebody was refused for now, by the problem's code. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Answers that no customer may get. */
  readonly strange: readonly string[];
  /** Sends a key once more, to any edge, until it has an answer. */
  askAgain(order: Remembered): Promise<void>;
  /** No new orders; waits until whoever has not given up has an answer. */
  stop(): Promise<void>;
}

export interface CustomersOptions {
  readonly edges: readonly string[];
  readonly customers: number;
  readonly items: readonly Item[];
  readonly chance: Chance;
}

/** Mostly orders that go through; some of each kind that turns back, and gateways that stumble on the way. */
const tokens = [
  ...Array.from({ length: 14 }, () => 'tok_visa'),
  'tok_flaky_1',
  'tok_flaky_2',
  'tok_capture_timeout',
  'tok_capture_timeout',
  'tok_capture_declined',
  'tok_capture_declined_void_fails_2',
  'tok_auth_expires',
  'tok_decline_stolen',
] as const;
/** A paused edge does not hang up. */
const timeoutMs = 6_000;
/** Minutes without an answer: the system does not come back. */
const maxSends = 1_000;
const probabilities = { givesUp: 0.1, asksTwice: 0.05, asksAgain: 0.15, cancels: 0.12 };
/** Customers are no benchmark. */
const pauseMs = { from: 50, to: 250 };

export function startCustomers({ edges, customers, items, chance }: CustomersOptions): Customers {
  const shops = edges.map((url) => openShop(overHttp(url, { timeoutMs })));
  const history: Remembered[] = [];
  const strange: string[] = [];
  const refusals = new Map<string, number>();
  const stopping = new AbortController();
  const pause = (): Promise<void> => sleep(chance.between(pauseMs.from, pauseMs.to));
  const ask = (order: Remembered): Promise<HttpAnswer | null> =>
    askOnce(chance.pick(shops), order, { strange, refusals });

  const insist = async (order: Remembered, mayGiveUp: boolean): Promise<HttpAnswer | null> => {
    for (let sends = 0; sends < maxSends; sends += 1) {
      const unknown = order.unknown;
      const answer = await ask(order);
      if (answer) return answer;
      if (mayGiveUp && order.unknown > unknown && chance.happens(probabilities.givesUp)) return null;
      await pause();
    }
    strange.push(`${order.key}: no answer to ${maxSends} requests`);
    return null;
  };
  const buy = async (customer: number, n: number): Promise<void> => {
    const order: Remembered = {
      key: `chaos-${customer}-${n}`,
      token: chance.pick(tokens),
      item: chance.pick(items),
      invoked: 0,
      ok: [],
      fail: 0,
      unknown: 0,
      cancelled: [],
    };
    history.push(order);
    // Both at a time, perhaps at two edges.
    const twin = chance.happens(probabilities.asksTwice) ? ask(order) : null;
    const answer = await insist(order, true);
    await twin;
    if (answer?.status === 202 && chance.happens(probabilities.cancels)) {
      await pause();
      order.cancelled.push(await cancelOnce(chance.pick(shops), answer, strange));
    }
    if (answer && chance.happens(probabilities.asksAgain)) await insist(order, false);
  };
  const shopping = Promise.all(
    Array.from({ length: customers }, async (_, customer) => {
      for (let n = 0; !stopping.signal.aborted; n += 1) {
        await buy(customer, n);
        await pause();
      }
    }),
  );
  // Reported by `stop`, at the latest.
  shopping.catch(() => {});
  return {
    history,
    refusals,
    strange,
    askAgain: async (order) => void (await insist(order, false)),
    async stop() {
      stopping.abort();
      await shopping;
    },
  };
}

/** @returns the answer, if it is one for good */
async function askOnce(shop: Shop, order: Remembered, noted: Noted): Promise<HttpAnswer | null> {
  const { key, token, item } = order;
  order.invoked += 1;
  const answer = await shop.place({ items: [item], token, key }).catch(() => null);
  if (answer === null) {
    order.unknown += 1;
    return null;
  }
  if (answer.status === 202 || answer.status === 402) {
    order.ok.push(answer);
    return answer;
  }
  order.fail += 1;
  if (!isForNow(answer)) noted.strange.push(`${key}: ${answer.status} ${answer.text.slice(0, 300)}`);
  const code = /"error":"(\w+)"/.exec(answer.text)?.[1] ?? String(answer.status);
  noted.refusals.set(code, (noted.refusals.get(code) ?? 0) + 1);
  return null;
}

/** To be sent again: an edge that stood still says so with a 408. */
function isForNow({ status, headers }: HttpAnswer): boolean {
  return headers['retry-after'] !== undefined && [408, 409, 429, 503].includes(status);
}

interface Noted {
  readonly strange: string[];
  readonly refusals: Map<string, number>;
}

async function cancelOnce(shop: Shop, placed: HttpAnswer, strange: string[]): Promise<number | null> {
  const { order_ledger_id: id } = placed.json<{ order_ledger_id: string }>();
  const answer = await shop.cancel(id).catch(() => null);
  if (answer && !isForNow(answer) && ![200, 202, 409].includes(answer.status))
    strange.push(`cancel ${id}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return answer?.status ?? null;
}
