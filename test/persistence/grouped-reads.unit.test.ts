/** Reads that share statements. */
import { expect, test } from 'vitest';
import { groupedReads } from '../../src/persistence/grouped-reads.ts';

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
    await Promise.resolve();
    await Promise.resolve();
  }
  expect((await all).at(-1)).toBe(299);
  expect(asked.map(({ length }) => length)).toEqual([1, 256, 44]);
});
