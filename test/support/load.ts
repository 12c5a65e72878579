/** Customers who place orders one after the other and do not give up: every key is sent until it has an answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAnswer, Item, Shop } from './shop.ts';
import { eventually } from './wait.ts';

export interface Load {
  /** The answers so far, by idempotency key: 202s and 402s. */
  readonly answers: ReadonlyMap<string, HttpAnswer>;
  /** Requests that got no such answer, and were repeated. */
  failures(): number;
  /** Waits for so many more answers. */
  goesOn(answers: number): Promise<void>;
  /** No new orders; waits until all that were begun have their answer. @throws when a repeat got other bytes */
  stop(): Promise<void>;
}

/** A client's own pause before it repeats, and between two orders: customers are no benchmark. */
const pauseMs = 50;
/** Every so many orders is asked for a second time. */
const repeatEvery = 7;

/** @param options `tokens` and `items` are taken in turn; `name` tells its keys from those of another load */
export function startLoad(
  shop: Shop,
  options: {
    readonly clients: number;
    readonly tokens: readonly string[];
    readonly items: readonly Item[];
    readonly name?: string;
  },
): Load {
  const answers = new Map<string, HttpAnswer>();
  const differing: string[] = [];
  let failures = 0;
  let begun = 0;
  const stopping = new AbortController();

  const insist = async (key: string, n: number): Promise<HttpAnswer> => {
    const { tokens, items } = options;
    const item = items[n % items.length];
    const token = tokens[n % tokens.length];
    if (!item || !token) throw new Error('nothing to order');
    for (;;) {
      const answer = await shop.place({ items: [item], token, key }).catch(() => null);
      if (answer && (answer.status === 202 || answer.status === 402)) return answer;
      if (answer && answer.status !== 409 && answer.status < 500) throw new Error(`${answer.status}: ${answer.text}`);
      failures += 1;
      await sleep(pauseMs);
    }
  };
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const n = begun++;
      const key = `${options.name ?? 'load'}-${n}`;
      const answer = await insist(key, n);
      answers.set(key, answer);
      if (n % repeatEvery === 0 && (await insist(key, n)).text !== answer.text) differing.push(key);
      await sleep(pauseMs);
    }
  };
  const clients = Promise.all(Array.from({ length: options.clients }, client));
  // Reported by `stop`, at the latest.
  clients.catch(() => {});
  return {
    answers,
    failures: () => failures,
    async goesOn(more) {
      const goal = answers.size + more;
      const reached = eventually(() => answers.size >= goal, { what: `${more} more orders`, timeoutMs: 40_000 });
      await Promise.race([reached, clients]);
    },
    async stop() {
      stopping.abort();
      await clients;
      if (differing.length > 0) throw new Error(`other bytes for the same key: ${differing.join(', ')}`);
    },
  };
}
