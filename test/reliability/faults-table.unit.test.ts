/** What docs/reliability.md says was survived is what the kept runs say. */
import { describe, expect, it } from 'vitest';
import { expectSection } from '../support/expect-section.ts';
import { faultsTable, section } from './faults-table.ts';
import { type KeptRun, readKeptRuns } from './kept-runs.ts';

const run: KeptRun = {
  kind: 'chaos',
  command: 'npm run chaos -- --seed 1',
  date: '2026-01-31',
  commit: '0123456789',
  seconds: 180,
  orders: 1_500,
  struck: { 'kill -9 at random': 40 },
  broken: [],
  seen: { 'outcomes fenced': 3 },
};

describe('the table of faults', () => {
  it('adds up what struck, and says what broke where', () => {
    const bad = { ...run, seconds: 60, struck: { 'kill -9 at random': 2 }, broken: ['M1: {"order":"x"}', 'M1: {}'] };
    const simulated: KeptRun = { ...run, kind: 'simulation', struck: { 'job lost': 1_000_000 }, seen: {} };
    expect(faultsTable([run, bad, simulated]).split('\n')).toEqual([
      '| fault             | where          | times struck | result            |',
      '| ----------------- | -------------- | ------------ | ----------------- |',
      '| kill -9 at random | real processes | 42           | broken: M1        |',
      '| job lost          | simulated      | 1,000,000    | all promises hold |',
      '',
      '| what was seen of the real processes |     |',
      '| ----------------------------------- | --- |',
      '| outcomes fenced                     | 6   |',
      '',
      '| command                     | date       | commit     | orders | took  | result            |',
      '| --------------------------- | ---------- | ---------- | ------ | ----- | ----------------- |',
      '| `npm run chaos -- --seed 1` | 2026-01-31 | 0123456789 | 1,500  | 3 min | all promises hold |',
      '| `npm run chaos -- --seed 1` | 2026-01-31 | 0123456789 | 1,500  | 1 min | broken: M1        |',
      '| `npm run chaos -- --seed 1` | 2026-01-31 | 0123456789 | 1,500  | 3 min | all promises hold |',
      '',
    ]);
  });

  it('docs/reliability.md shows the kept runs', () => {
    const page = new URL('../../docs/reliability.md', import.meta.url);
    expectSection(page, section, faultsTable(readKeptRuns()));
  });
});
