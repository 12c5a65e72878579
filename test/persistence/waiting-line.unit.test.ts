import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlaceRefused, waitingLine } from '../../src/persistence/waiting-line.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Work that ends when it is told to. */
function held(): { readonly work: () => Promise<string>; readonly end: () => void; isBegun(): boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = false;
  return {
    work: async () => {
      begun = true;
      await promise;
      return 'done';
    },
    end: resolve,
    isBegun: () => begun,
  };
}

test('a free place is taken at once; the next one waits for it, in the order of arrival', async () => {
  const line = waitingLine({ places: 1, maxWaiting: 2, maxWaitMs: 1_000 });
  const works = [held(), held(), held()];
  const entered = works.map(({ work }) => line.enter(work));
  const begun = () => works.map((one) => one.isBegun());
  await vi.advanceTimersByTimeAsync(0);
  expect(begun()).toEqual([true, false, false]);
  works[0]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun()).toEqual([true, true, false]);
  works[1]?.end();
  works[2]?.end();
  expect(await Promise.all(entered)).toEqual(['done', 'done', 'done']);
});

test('urgent work goes before what came earlier and is not', async () => {
  const line = waitingLine({ places: 1, maxWaiting: 2, maxWaitMs: 1_000 });
  const [first, second, urgent] = [held(), held(), held()];
  const entered = [line.enter(first.work), line.enter(second.work), line.enter(urgent.work, { urgent: true })];
  first.end();
  await vi.advanceTimersByTimeAsync(0);
  expect([second.isBegun(), urgent.isBegun()]).toEqual([false, true]);
  urgent.end();
  second.end();
  expect(await Promise.all(entered)).toEqual(['done', 'done', 'done']);
});

test('who waits for too long is sent away, and its work never begun', async () => {
  const line = waitingLine({ places: 1, maxWaiting: 2, maxWaitMs: 1_000 });
  const [first, second] = [held(), held()];
  const one = line.enter(first.work);
  const late = line.enter(second.work).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await late).toEqual(new PlaceRefused('none became free within 1000 ms'));
  first.end();
  expect(await one).toBe('done');
  expect(second.isBegun()).toBe(false);
});

test('beyond the bound nobody may even wait', async () => {
  const line = waitingLine({ places: 1, maxWaiting: 1, maxWaitMs: 1_000 });
  const [first, second, third] = [held(), held(), held()];
  const taken = [line.enter(first.work), line.enter(second.work)];
  await expect(line.enter(third.work)).rejects.toThrow(new PlaceRefused('1 are waiting already'));
  first.end();
  second.end();
  expect(await Promise.all(taken)).toEqual(['done', 'done']);
});

test('work that fails gives its place back', async () => {
  const line = waitingLine({ places: 1, maxWaiting: 1, maxWaitMs: 1_000 });
  await expect(line.enter(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await line.enter(() => Promise.resolve('served'))).toBe('served');
});

test('closed: who waits and who comes is refused with the reason, what has begun goes on', async () => {
  const line = waitingLine({ places: 1, maxWaiting: 1, maxWaitMs: 1_000 });
  const first = held();
  const one = line.enter(first.work);
  const waiting = line.enter(held().work).catch((error: unknown) => error);
  line.close('away');
  expect(await waiting).toEqual(new PlaceRefused('away'));
  await expect(line.enter(held().work)).rejects.toThrow(new PlaceRefused('away'));
  first.end();
  expect(await one).toBe('done');
});
