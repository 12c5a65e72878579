/** Who shares a transaction, who waits for the next, and how a batch is taken apart around a guilty step. */
import { describe, expect, test } from 'vitest';
import type { BatchResult } from '../../src/actors/commit-batch.ts';
import { groupCommit, type GroupCommitPorts, LostCommit } from '../../src/actors/group-commit.ts';
import { StoreError } from '../../src/actors/ports.ts';
import type { Step, StepResult } from '../../src/actors/steps.ts';
import { eventually } from '../support/wait.ts';

const advance = (actorId: string): Step => ({ type: 'advance', actorId, until: null });
const send = (actorId: string): Step => ({ type: 'send', actorId, event: { type: 'E' }, companion: null });
const resultOf = (step: Step): StepResult => ({
  answer: { type: 'applied' },
  revision: Number(step.actorId.slice(1)),
  next: { type: 'waiting' },
});
const batchOf = (steps: readonly Step[]): BatchResult => ({
  results: steps.map(resultOf),
  publish: [],
  observations: [],
});

interface Fake extends GroupCommitPorts {
  readonly batches: string[][];
  readonly retries: string[];
  readonly committed: number[];
}

/** A store that answers each batch as `answer` says; by default it commits. */
function fake(
  answer: (steps: readonly Step[], n: number) => Promise<BatchResult> = (steps) => Promise.resolve(batchOf(steps)),
): Fake {
  const batches: string[][] = [];
  const retries: string[] = [];
  const committed: number[] = [];
  let ids = 0;
  return {
    batches,
    retries,
    committed,
    commit: (steps) => {
      batches.push(steps.map(({ actorId }) => actorId));
      return answer(steps, batches.length);
    },
    hasCommit: () => Promise.resolve(false),
    onCommitted: ({ results }) => void committed.push(results.length),
    onRetry: (reason) => void retries.push(reason),
    newId: () => `c${(ids += 1)}`,
    delay: () => Promise.resolve(),
    afterTurn: (work) => void setImmediate(work),
  };
}

const ids = (count: number, from = 1): string[] => Array.from({ length: count }, (_, n) => `a${from + n}`);
const limits = { maxBatch: 100, lanes: 1 };

describe('sharing a commit', () => {
  test('steps of one turn go together; each caller gets its own result', async () => {
    const ports = fake();
    const commit = groupCommit(ports, limits);
    const results = await Promise.all(ids(5).map((id) => commit(advance(id))));
    expect(ports.batches).toEqual([ids(5)]);
    expect(results.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
  });

  test('who only looks whether something is due is passed by if a look at the same actor waits already', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const ports = fake(async (steps, n) => {
      if (n === 1) await held;
      return batchOf(steps);
    });
    const commit = groupCommit(ports, limits);
    const first = commit(advance('a1'));
    await eventually(() => ports.batches.length === 1);
    // The first looks by now, and may have seen less than this one will; those after it will see no more.
    const second = commit(advance('a1'));
    const rest = await Promise.all([commit(advance('a1')), commit(advance('a1'))]);
    expect(rest.map(({ next }) => next)).toEqual([{ type: 'joined' }, { type: 'joined' }]);
    release();
    expect((await Promise.all([first, second])).map(({ next }) => next.type)).toEqual(['waiting', 'waiting']);
    expect(ports.batches).toEqual([['a1'], ['a1']]);
    expect((await commit(advance('a1'))).next.type).toBe('waiting');
  });

  test('who stops at a tag stands for nobody who does not', async () => {
    const ports = fake();
    const commit = groupCommit(ports, limits);
    const steps: Step[] = [{ type: 'advance', actorId: 'a1', until: 'accepted' }, advance('a1')];
    expect((await Promise.all(steps.map(commit))).map(({ next }) => next.type)).toEqual(['waiting', 'waiting']);
  });

  test('what arrives during a commit goes with the next one, in its order', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const ports = fake(async (steps, n) => {
      if (n === 1) await held;
      return batchOf(steps);
    });
    const commit = groupCommit(ports, limits);
    const first = commit(advance('a1'));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const rest = ids(3, 2).map((id) => commit(advance(id)));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(ports.batches).toEqual([['a1']]);
    release();
    await Promise.all([first, ...rest]);
    expect(ports.batches).toEqual([['a1'], ['a2', 'a3', 'a4']]);
  });

  test('a second step of one actor waits for the next batch, however many lanes there are', async () => {
    for (const lanes of [1, 3]) {
      const running = new Set<string>();
      const ports = fake(async (steps) => {
        for (const { actorId } of steps) {
          if (running.has(actorId)) throw new Error(`${actorId} is in two transactions at once`);
          running.add(actorId);
        }
        await new Promise((resolve) => setImmediate(resolve));
        for (const { actorId } of steps) running.delete(actorId);
        return batchOf(steps);
      });
      const commit = groupCommit(ports, { ...limits, lanes });
      await Promise.all([...ids(3), ...ids(3), 'a1'].map((id) => commit(send(id))));
      expect(ports.batches.flat().sort()).toEqual(['a1', 'a1', 'a1', 'a2', 'a2', 'a3', 'a3']);
      expect(ports.batches.length).toBeGreaterThanOrEqual(3);
    }
  });

  test('a batch is bounded, and so is the number of transactions at a time', async () => {
    let running = 0;
    let most = 0;
    const ports = fake(async (steps) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return batchOf(steps);
    });
    const commit = groupCommit(ports, { maxBatch: 10, lanes: 2 });
    await Promise.all(ids(95).map((id) => commit(advance(id))));
    expect([most, Math.max(...ports.batches.map(({ length }) => length)), ports.batches.length]).toEqual([2, 10, 10]);
  });
});

describe('faults', () => {
  test('one guilty step of fifty fails alone, after few transactions', async () => {
    const guilty = new Error('guilty');
    const ports = fake((steps) =>
      steps.some(({ actorId }) => actorId === 'a7') ? Promise.reject(guilty) : Promise.resolve(batchOf(steps)),
    );
    const commit = groupCommit(ports, limits);
    const results = await Promise.allSettled(ids(50).map((id) => commit(advance(id))));
    expect(results.map(({ status }, i) => (status === 'rejected' ? i + 1 : 0)).filter(Boolean)).toEqual([7]);
    expect(results[6]).toEqual({ status: 'rejected', reason: guilty });
    expect(ports.batches.length).toBeLessThanOrEqual(13);
    expect(ports.committed.reduce((a, b) => a + b, 0)).toBe(49);
  });

  test('a store that is away fails all at once: no bisection, no retry', async () => {
    const away = new StoreError('unavailable', 'connection refused');
    const ports = fake(() => Promise.reject(away));
    const commit = groupCommit(ports, limits);
    const results = await Promise.allSettled(ids(20).map((id) => commit(advance(id))));
    expect(results.every((result) => result.status === 'rejected' && result.reason === away)).toBe(true);
    expect(ports.batches).toHaveLength(1);
  });

  test('a conflict is tried again as it is, and only after three times taken apart', async () => {
    const conflict = new StoreError('conflict', 'deadlock');
    const ports = fake((steps) => (steps.length > 1 ? Promise.reject(conflict) : Promise.resolve(batchOf(steps))));
    const commit = groupCommit(ports, limits);
    await Promise.all(ids(2).map((id) => commit(advance(id))));
    expect(ports.batches).toEqual([['a1', 'a2'], ['a1', 'a2'], ['a1', 'a2'], ['a1', 'a2'], ['a1'], ['a2']]);
    expect(ports.retries).toEqual(['conflict', 'conflict', 'conflict', 'conflict']);
  });

  test('a lock that stays held costs its neighbours few tries: it is soon alone', async () => {
    const conflict = new StoreError('conflict', 'lock timeout');
    const ports = fake((steps) =>
      steps.some(({ actorId }) => actorId === 'a5') ? Promise.reject(conflict) : Promise.resolve(batchOf(steps)),
    );
    const commit = groupCommit(ports, limits);
    const results = await Promise.allSettled(ids(8).map((id) => commit(advance(id))));
    expect(results.map(({ status }) => status === 'rejected')).toEqual(ids(8).map((id) => id === 'a5'));
    // Four in company, and two at each halving.
    expect(ports.retries).toHaveLength(4 + 2 + 2 + 2);
  });

  test('after a fault the next steps are taken as if nothing had been', async () => {
    const ports = fake((steps, n) =>
      n === 1 ? Promise.reject(new StoreError('unavailable', 'x')) : Promise.resolve(batchOf(steps)),
    );
    const commit = groupCommit(ports, limits);
    await expect(commit(advance('a1'))).rejects.toThrow('x');
    expect((await commit(advance('a1'))).revision).toBe(1);
  });
});

describe('a lost answer', () => {
  const lost = (steps: readonly Step[]) =>
    Promise.reject(new LostCommit(batchOf(steps), new Error('connection reset')));

  test('that had committed is answered from what the batch had worked out', async () => {
    const ports = { ...fake(lost), hasCommit: () => Promise.resolve(true) };
    expect((await groupCommit(ports, limits)(advance('a4'))).revision).toBe(4);
    expect([ports.batches.length, ports.committed]).toEqual([1, [1]]);
  });

  test('that had not is done again, under a new commit id, not for ever', async () => {
    const asked: string[] = [];
    const ports = {
      ...fake(lost),
      hasCommit: (commitId: string) => {
        asked.push(commitId);
        return Promise.resolve(false);
      },
    };
    await expect(groupCommit(ports, limits)(advance('a1'))).rejects.toMatchObject({
      kind: 'unavailable',
      commitUnknown: false,
    });
    expect(asked).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
  });

  test('that cannot be looked up is asked for again, and then nobody knows', async () => {
    let looks = 0;
    const ports = {
      ...fake(lost),
      hasCommit: () => {
        looks += 1;
        return Promise.reject(new Error('still away'));
      },
    };
    await expect(groupCommit(ports, limits)(advance('a1'))).rejects.toMatchObject({
      kind: 'unavailable',
      commitUnknown: true,
    });
    expect(looks).toBe(6);
  });
});
