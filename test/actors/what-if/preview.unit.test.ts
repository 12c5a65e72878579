/** Forks of stored actors, over a system that only reads. */
import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { actorView } from '../../../src/actors/actor-view.ts';
import { dryStart, dryStep } from '../../../src/actors/dry-run.ts';
import {
  actorMachine,
  type ActorRow,
  forkOf,
  preview,
  type TransitionRecord,
  wouldApply,
} from '../../../src/actors/index.ts';
import { migratedEvent } from '../../../src/actors/logged-migration.ts';

const walker = (version: string) =>
  actorMachine(
    setup({ types: { events: {} as { type: string } } }).createMachine({
      id: 'walker',
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'a', STAY: {} } } },
    }),
    version,
  );
const [v1, v2] = [walker('1'), walker('2')];

/** Two steps on version 1, the migration, one step on version 2. */
const started = dryStart(v1, 'w', {}, 100);
const gone = dryStep(v1, started.row, { event: { type: 'GO' } }, 200);
const migrated: ActorRow = { ...gone.row, version: '2', structureHash: v2.structureHash, revision: 3 };
const record: TransitionRecord = {
  ...gone.record,
  revision: 3,
  event: migratedEvent({ from: '1', to: '2', snapshot: gone.row.snapshot }),
  from: 'b',
  atMs: 300,
};
const back = dryStep(v2, migrated, { event: { type: 'GO' } }, 400);
const log = [started.record, gone.record, record, back.record];

/** It only ever reads: there is nothing else that a preview could call. */
const systemOf = (machines: readonly ReturnType<typeof walker>[], row: ActorRow | null = back.row) => ({
  machines,
  read: () => Promise.resolve(row && actorView(row, machines.find(({ version }) => version === row.version) ?? null)),
  history: (_id: string, page: { readonly afterRevision?: number; readonly limit?: number } = {}) => {
    const from = page.afterRevision ?? 0;
    return Promise.resolve(log.slice(from, from + (page.limit ?? log.length)));
  },
});

describe('forkOf', () => {
  test('as it is now, or nothing', async () => {
    expect(await forkOf(systemOf([v2]), 'w')).toMatchObject({ type: 'forked', machine: v2, row: back.row, atMs: null });
    expect(await forkOf(systemOf([v1]), 'w')).toMatchObject({ type: 'left', actor: back.row });
    expect(await forkOf(systemOf([v1], null), 'w')).toEqual({ type: 'absent' });
  });

  test('as it was before its migration, on the version of then; from the migration on it is not known', async () => {
    expect(await forkOf(systemOf([v1, v2]), 'w', 2)).toMatchObject({
      type: 'forked',
      machine: v1,
      row: gone.row,
      atMs: 200,
    });
    expect(await forkOf(systemOf([v2]), 'w', 2)).toMatchObject({ type: 'left' });
    for (const revision of [3, 4])
      expect(await forkOf(systemOf([v1, v2]), 'w', revision)).toMatchObject({
        type: 'migrated',
        actor: { revision: 4 },
      });
    for (const revision of [0, 5])
      expect(await forkOf(systemOf([v1, v2]), 'w', revision)).toMatchObject({ type: 'no such revision' });
  });
});

test('preview: the inputs on a copy, and whether the first would be applied', async () => {
  const options = () => ({ nowMs: 0, likelyAnswers: () => [] });
  const applies = async (type: string): Promise<boolean | string> => {
    const previewed = await preview(
      systemOf([v2]),
      'w',
      [
        { type: 'event', event: { type } },
        { type: 'event', event: { type: 'STAY' } },
      ],
      options,
    );
    return previewed.type === 'simulated' ? wouldApply(previewed.simulation) : previewed.type;
  };
  expect([await applies('GO'), await applies('STAY')]).toEqual([true, false]);
  expect(await preview(systemOf([]), 'w', [], options)).toMatchObject({ type: 'left', actor: { path: 'a' } });
  expect(await preview(systemOf([v2], null), 'w', [], options)).toEqual({ type: 'absent' });
});
