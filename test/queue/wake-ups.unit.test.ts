/** Publishing wake-ups: never beyond a bound, never throwing, never asking a queue that is away again and again. */
import { describe, expect, test } from 'vitest';
import { wakeUps } from '../../src/queue/wake-ups.ts';
import { virtualProcess } from '../support/virtual-process.ts';

function rig(queue: { waiting?: () => Promise<number>; add?: (ids: readonly string[]) => Promise<void> } = {}) {
  const added: number[] = [];
  const errors: string[] = [];
  let asked = 0;
  const clock = virtualProcess();
  const published = wakeUps(
    {
      waiting: () => {
        asked += 1;
        return queue.waiting ? queue.waiting() : Promise.resolve(0);
      },
      add: async (ids) => {
        await queue.add?.(ids);
        added.push(ids.length);
      },
      close: () => Promise.resolve(),
    },
    { maxWaiting: 10, monotonicMs: () => clock.monotonicMs(), onError: (error) => void errors.push(error.message) },
  );
  return { ...published, added, errors, clock, asked: () => asked };
}
const ids = (n: number): string[] => Array.from({ length: n }, (_, i) => `a${i}`);

describe('room', () => {
  test('is what the bound leaves, and what this process published since it looked counts too', async () => {
    const queue = rig({ waiting: () => Promise.resolve(3) });
    expect(await queue.room()).toBe(7);
    await queue.publish(ids(5));
    expect(await queue.room()).toBe(2);
    expect(queue.asked()).toBe(1);
    queue.clock.pass(201);
    expect(await queue.room()).toBe(7);
    expect(queue.asked()).toBe(2);
  });

  test('callers that come while the first still looks wait for its answer: a full queue is full for all of them', async () => {
    let answer = (_depth: number): void => undefined;
    const queue = rig({ waiting: () => new Promise((resolve) => (answer = resolve)) });
    const rooms = [queue.room(), queue.room(), queue.publish(ids(1))];
    answer(10);
    expect(await Promise.all(rooms)).toEqual([0, 0, false]);
    expect([queue.asked(), queue.added]).toEqual([1, []]);
  });

  test('a queue that cannot be asked has none, until it is asked again', async () => {
    let away = true;
    const queue = rig({ waiting: () => (away ? Promise.reject(new Error('connection refused')) : Promise.resolve(4)) });
    expect([await queue.room(), await queue.room(), await queue.publish(ids(1))]).toEqual([0, 0, false]);
    expect([queue.asked(), queue.errors, queue.added]).toEqual([1, ['connection refused'], []]);
    away = false;
    queue.clock.pass(201);
    expect(await queue.room()).toBe(6);
  });
});

describe('backlog', () => {
  test('is what waited when somebody looked last, and what this process published since; who asks has it looked up', async () => {
    let waiting = 3;
    const queue = rig({ waiting: () => Promise.resolve(waiting) });
    expect(queue.backlog()).toBe(0);
    expect([await queue.room(), queue.backlog()]).toEqual([7, 3]);
    await queue.publish(ids(2));
    expect([queue.backlog(), queue.asked()]).toEqual([5, 1]);
    waiting = 9;
    queue.clock.pass(201);
    // Nobody waits for the answer: this one still goes by what was known.
    expect([queue.backlog(), queue.backlog(), queue.asked()]).toEqual([5, 5, 2]);
    await queue.room();
    expect([queue.backlog(), queue.asked()]).toEqual([9, 2]);
  });

  test('a queue that is away has none that anybody knows; it has again once it is back', async () => {
    let away = true;
    const queue = rig({ waiting: () => (away ? Promise.reject(new Error('connection refused')) : Promise.resolve(4)) });
    await queue.room();
    expect(queue.backlog()).toBeNull();
    away = false;
    queue.clock.pass(201);
    await queue.room();
    expect(queue.backlog()).toBe(4);
  });
});

describe('full', () => {
  test('is what was found last, with what was published since; who asks has it looked up', async () => {
    let waiting = 9;
    const queue = rig({ waiting: () => Promise.resolve(waiting) });
    await queue.room();
    expect(queue.isFull()).toBe(false);
    await queue.publish(ids(1));
    expect(queue.isFull()).toBe(true);
    waiting = 2;
    queue.clock.pass(201);
    expect([queue.isFull(), await queue.room(), queue.isFull()]).toEqual([true, 8, false]);
  });

  test('so is a queue that is away', async () => {
    const queue = rig({ waiting: () => Promise.reject(new Error('connection refused')) });
    await queue.room();
    expect(queue.isFull()).toBe(true);
  });
});

describe('publish', () => {
  test('a full queue: nothing, and it says so', async () => {
    const queue = rig({ waiting: () => Promise.resolve(10) });
    expect(await queue.publish(ids(1))).toBe(false);
    expect(queue.added).toEqual([]);
  });

  test('in round trips of a bounded size', async () => {
    const queue = rig();
    expect(await queue.publish(ids(450))).toBe(true);
    expect(queue.added).toEqual([200, 200, 50]);
    expect(await queue.room()).toBe(0);
  });

  test('a queue that breaks is reported, never thrown', async () => {
    const queue = rig({ add: () => Promise.reject(new Error('connection reset')) });
    expect(await queue.publish(ids(1))).toBe(false);
    expect(queue.errors).toEqual(['connection reset']);
  });
});
