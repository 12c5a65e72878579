import { describe, expect, it } from 'vitest';
import type { Trial } from '../../bench/engines/trial.ts';
import { summary, summaryColumns, summaryRow } from '../../bench/workloads/summary.ts';

const trial = (sagasPerSecond: number, more: Partial<Trial> = {}): Trial => ({
  sagasPerSecond,
  acceptedPerSecond: 2 * sagasPerSecond,
  p50Ms: 8,
  p99Ms: 20,
  cpuSecondsPer1000: { postgres: 0.5, redis: 0.1, worker: 0.4, submitter: 0.2 },
  cpuSecondsPer1000All: 1.2,
  commitsPerSaga: 0.2,
  fsyncsPerSaga: 0.1,
  walBytesPerSaga: 4_000,
  statementsPerSaga: { worker: 0.4, submitter: 0.1 },
  countsPerSaga: {},
  othersCores: 0.05,
  ...more,
});

describe('the summary of an engine', () => {
  it('is the median of its rounds, and how many times as fast Waybill was in each', () => {
    const peer = [trial(100, { p99Ms: 30 }), trial(50, { p99Ms: 50 }), trial(200, { p99Ms: 40 })];
    const ours = [trial(1_000), trial(1_000), trial(1_000)];
    expect(summary('peer', peer, ours)).toEqual({
      engine: 'peer',
      runs: 3,
      failed: 0,
      sagasPerSecond: { median: 100, min: 50, max: 200 },
      timesOurs: { median: 10, min: 5, max: 20 },
      p50Ms: 8,
      p99Ms: { median: 40, min: 30, max: 50 },
      cpuSecondsPer1000: { postgres: 0.5, redis: 0.1, worker: 0.4, submitter: 0.2 },
      cpuSecondsPer1000All: 1.2,
      commitsPerSaga: 0.2,
      fsyncsPerSaga: 0.1,
      walBytesPerSaga: 4_000,
      statementsPerSaga: 0.5,
      othersCores: 0.05,
    });
  });

  it('leaves out a round that failed, and says so', () => {
    const { runs, failed, sagasPerSecond, timesOurs } = summary('peer', [null, trial(100)], [trial(900), trial(500)]);
    expect({ runs, failed, sagasPerSecond, timesOurs }).toEqual({
      runs: 1,
      failed: 1,
      sagasPerSecond: { median: 100, min: 100, max: 100 },
      timesOurs: { median: 5, min: 5, max: 5 },
    });
  });

  it('has no times where no pace was asked for, and no multiple where Waybill did not run', () => {
    const row = summaryRow(summary('peer', [trial(100, { p50Ms: null, p99Ms: null })], []));
    expect(row).toHaveLength(summaryColumns.length);
    expect(row.slice(0, 6)).toEqual(['peer', 1, '100 (100–100)', null, null, null]);
  });

  it('shows a server of the engine’s own beside Postgres and its processes', () => {
    const row = summaryRow(
      summary('restate', [trial(100, { cpuSecondsPer1000: { postgres: 1, restate: 2, worker: 3, submitter: 4 } })], []),
    );
    expect(row.slice(7, 11)).toEqual([1, 3, 4, 'restate 2']);
  });
});
