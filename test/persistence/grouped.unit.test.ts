/** Reads and writes that share statements. */
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../src/actors/index.ts';
import { groupedReads, groupedWrites } from '../../src/persistence/grouped.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function scripted() {
  const asked: (readonly string[])[] = [];
  const answers: ((found: ReadonlyMap<string, number> | Error) => void)[] = [];
  const read = groupedReads<number>((keys) => {
    asked.push(keys);
    return new Promise((resolve, reject) =>
      answers.push((found) => (found instanceof Error ? reject(found) : resolve(found))),
    );
  });
  return { asked, answers, read };
}

test('alone, a key is asked for at once', async () => {
  const { asked, answers, read } = scripted();
  const a = read('a');
  expect(asked).toEqual([['a']]);
  answers[0]?.(new Map([['a', 1]]));
  expect(await a).toBe(1);
});

test('what is asked for meanwhile goes together, each key once, even one that is being read: it may have changed', async () => {
  const { asked, answers, read } = scripted();
  const first = read('a');
  const rest = Promise.all(['b', 'a', 'c', 'b'].map(read));
  expect(asked).toEqual([['a']]);
  answers[0]?.(new Map([['a', 1]]));
  expect(await first).toBe(1);
  await turn();
  expect(asked).toEqual([['a'], ['b', 'a', 'c']]);
  answers[1]?.(
    new Map([
      ['a', 2],
      ['b', 3],
    ]),
  );
  expect(await rest).toEqual([3, 2, null, 3]);
});

test('a read that fails, fails for all who share it, and for nobody after', async () => {
  const { answers, read } = scripted();
  const [first, second] = [read('a'), read('b')];
  answers[0]?.(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await turn();
  answers[1]?.(new Map([['b', 2]]));
  expect(await second).toBe(2);
});

test('one statement asks for 256 keys at most', async () => {
  const { asked, answers, read } = scripted();
  void read('first');
  const many = Array.from({ length: 300 }, (_, i) => `k${i}`);
  const all = Promise.all(many.map(read));
  for (let i = 0; i < 3; i += 1) {
    answers[i]?.(new Map(many.map((key, n) => [key, n])));
    await turn();
  }
  expect((await all).at(-1)).toBe(299);
  expect(asked.map(({ length }) => length)).toEqual([1, 256, 44]);
});

describe('writes', () => {
  interface Item {
    readonly name: string;
    readonly keys: readonly string[];
  }

  function scriptedWrites() {
    const written: (readonly string[])[] = [];
    const splits: unknown[] = [];
    const answers: ((outcome?: Error) => void)[] = [];
    const write = groupedWrites<Item, string>({
      write: (items) => {
        const names = items.map(({ name }) => name);
        written.push(names);
        return new Promise((resolve, reject) =>
          answers.push((error) => (error ? reject(error) : resolve(names.map((name) => `${name}!`)))),
        );
      },
      keysOf: ({ keys }) => keys,
      onSplit: (error) => void splits.push(error),
    });
    return {
      written,
      answers,
      splits,
      write: (name: string, ...keys: string[]) => write({ name, keys: [name, ...keys] }),
    };
  }

  test('one goes at once, those that come meanwhile go together, and each gets its own result', async () => {
    const { written, answers, write } = scriptedWrites();
    const all = Promise.all([write('a'), write('b'), write('c')]);
    expect(written).toEqual([['a']]);
    answers[0]?.();
    await turn();
    expect(written).toEqual([['a'], ['b', 'c']]);
    answers[1]?.();
    expect(await all).toEqual(['a!', 'b!', 'c!']);
  });

  test('two with one key go one after the other, as they were asked for, whatever their other keys are', async () => {
    const { written, answers, write } = scriptedWrites();
    const all = Promise.all([write('a'), write('b', 'x'), write('c', 'x', 'y'), write('d', 'y'), write('e')]);
    for (let i = 0; i < 4; i += 1) {
      answers[i]?.();
      await turn();
    }
    expect(written).toEqual([['a'], ['b', 'e'], ['c'], ['d']]);
    expect(await all).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
  });

  test('what fails together is tried alone, so that only the guilty one fails', async () => {
    const { written, answers, splits, write } = scriptedWrites();
    const first = write('a');
    const rest = Promise.allSettled([write('b'), write('bad'), write('c')]);
    answers[0]?.();
    expect(await first).toBe('a!');
    await turn();
    answers[1]?.(new Error('one of them'));
    await turn();
    expect(written.slice(2)).toEqual([['b'], ['bad'], ['c']]);
    answers[2]?.();
    answers[3]?.(new Error('the bad one'));
    answers[4]?.();
    expect(await rest).toEqual([
      { status: 'fulfilled', value: 'b!' },
      { status: 'rejected', reason: new Error('the bad one') },
      { status: 'fulfilled', value: 'c!' },
    ]);
    expect(written).toHaveLength(5);
    expect(splits).toEqual([new Error('one of them')]);
  });

  test('the next ones do not wait for those that are tried alone', async () => {
    const { written, answers, write } = scriptedWrites();
    void write('a');
    const stuck = Promise.allSettled([write('b'), write('c')]);
    answers[0]?.();
    await turn();
    answers[1]?.(new Error('one of them'));
    const next = write('d');
    await turn();
    expect(written.slice(2)).toEqual([['b'], ['c'], ['d']]);
    answers[4]?.();
    expect(await next).toBe('d!');
    answers[2]?.();
    answers[3]?.();
    await stuck;
  });

  test('while Postgres is away nothing is tried again', async () => {
    const { written, answers, splits, write } = scriptedWrites();
    const away = new StoreError('unavailable', 'connection refused');
    const all = Promise.allSettled([write('a'), write('b'), write('c')]);
    answers[0]?.();
    await turn();
    answers[1]?.(away);
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect([written.length, splits]).toEqual([2, []]);
  });
});
