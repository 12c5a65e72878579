/** How what moves reaches those who watch: gathered, bounded, and never piled up for one who reads slowly. */
import { describe, expect, it } from 'vitest';
import { liveOrders, type LiveOrdersBody } from '../../src/console/live-orders.ts';
import { eventually } from '../support/wait.ts';

const idOf = (n: number): string => `0198c0de-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** A feed in the test's hand, a database that knows every order it is asked for, and pauses that end when they are told to. */
function open({ isAway = () => false }: { readonly isAway?: () => boolean } = {}) {
  const listeners = new Set<(ids: readonly string[]) => void>();
  const asked: (readonly string[])[] = [];
  const errors: Error[] = [];
  let pause = Promise.withResolvers<void>();
  const any = (query: { readonly values: readonly unknown[] }): Promise<readonly object[]> => {
    if (isAway()) return Promise.reject(new Error('the database is away'));
    const ids = query.values.flat() as readonly string[];
    asked.push(ids);
    return Promise.resolve(
      ids.map((id) => ({
        id,
        status: 'COMPLETED',
        state: 'completed',
        revision: 7,
        total_cents: 1,
        currency: 'USD',
        created_at: 0,
        updated_at: 1,
      })),
    );
  };
  const source = liveOrders({
    pool: { any } as Parameters<typeof liveOrders>[0]['pool'],
    feed: {
      onAny(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    delay: () => pause.promise,
    onError: (error) => errors.push(error),
  });
  return {
    listeners,
    asked,
    errors,
    move: (...ids: string[]) => listeners.forEach((listener) => listener(ids)),
    endPause() {
      pause.resolve();
      pause = Promise.withResolvers();
    },
    watch(signal: AbortSignal) {
      return source.watch(signal)[Symbol.asyncIterator]();
    },
  };
}

const told = (result: IteratorResult<LiveOrdersBody>): readonly [boolean, readonly string[]] =>
  result.done ? [false, ['nothing']] : [result.value.has_more, result.value.orders.map(({ id }) => id)];

describe('liveOrders', () => {
  it('listens only while somebody watches', async () => {
    const live = open();
    const leaving = new AbortController();
    expect(live.listeners.size).toBe(0);
    const next = live.watch(leaving.signal).next();
    expect(live.listeners.size).toBe(1);
    leaving.abort();
    expect((await next).done).toBe(true);
    expect(live.listeners.size).toBe(0);
  });

  it('one look for all who watch; what moves meanwhile comes with the next one', async () => {
    const live = open();
    const { signal } = new AbortController();
    const [first, second] = [live.watch(signal), live.watch(signal)];
    const both = Promise.all([first.next(), second.next()]);
    live.move(idOf(1));
    expect((await both).map(told)).toEqual([
      [false, [idOf(1)]],
      [false, [idOf(1)]],
    ]);
    const later = first.next();
    live.move(idOf(2), 'not an order');
    live.move(idOf(3), idOf(2));
    live.endPause();
    expect(told(await later)).toEqual([false, [idOf(2), idOf(3)]]);
    expect(live.asked).toEqual([[idOf(1)], [idOf(2), idOf(3)]]);
  });

  it('who reads slowly gets the newest, and is told that there was more', async () => {
    const live = open();
    const slow = live.watch(new AbortController().signal);
    const first = slow.next();
    live.move(idOf(1));
    await first;
    for (const n of [2, 3]) {
      live.move(idOf(n));
      live.endPause();
      await eventually(() => live.asked.length === n);
    }
    expect(told(await slow.next())).toEqual([true, [idOf(3)]]);
  });

  it('more than can be named: a hundred of them, and that there are more', async () => {
    const live = open();
    const watcher = live.watch(new AbortController().signal);
    const next = watcher.next();
    live.move(...Array.from({ length: 150 }, (_none, n) => idOf(n)));
    const [hasMore, ids] = told(await next);
    expect([hasMore, ids.length]).toEqual([true, 100]);
    const unnamed = watcher.next();
    live.move('*');
    live.endPause();
    expect(told(await unnamed)).toEqual([true, []]);
  });

  it('the database is away: the next look says that there was more', async () => {
    let away = true;
    const live = open({ isAway: () => away });
    const next = live.watch(new AbortController().signal).next();
    live.move(idOf(1));
    await eventually(() => live.errors.length === 1);
    away = false;
    live.endPause();
    // The pause ends in a later turn.
    await new Promise(setImmediate);
    live.move(idOf(2));
    expect(told(await next)).toEqual([true, [idOf(2)]]);
  });
});
