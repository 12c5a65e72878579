/** Several runs of one engine, as one line. */
import type { Trial } from '../engines/trial.ts';
import { median, ratios, round, type Spread, spread } from '../figures.ts';
import type { Cell } from '../table.ts';

export interface Summary {
  readonly engine: string;
  readonly runs: number;
  readonly failed: number;
  readonly sagasPerSecond: Spread;
  /** Waybill's throughput as a multiple of this one's, round by round; null where there was no round with both. */
  readonly timesOurs: Spread | null;
  readonly p50Ms: number | null;
  readonly p99Ms: Spread | null;
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
  readonly cpuSecondsPer1000All: number;
  readonly commitsPerSaga: number;
  readonly fsyncsPerSaga: number;
  readonly walBytesPerSaga: number;
  readonly statementsPerSaga: number;
  /** Processors that others took meanwhile: on a machine that is not idle, a run is worth less. */
  readonly othersCores: number | null;
}

/** @param trials one per round, null where it failed; @param ours Waybill's of the same rounds */
export function summary(engine: string, trials: readonly (Trial | null)[], ours: readonly (Trial | null)[]): Summary {
  const good = trials.filter((trial) => trial !== null);
  const rate = (trial: Trial | null): number | null => trial?.sagasPerSecond ?? null;
  const multiples = ratios(ours.map(rate), trials.map(rate));
  const of = (value: (trial: Trial) => number | null): number[] => good.flatMap((trial) => value(trial) ?? []);
  const middle = (value: (trial: Trial) => number | null): number | null => {
    const values = of(value);
    return values.length === 0 ? null : median(values);
  };
  const p99s = of(({ p99Ms }) => p99Ms);
  const processes = [...new Set(good.flatMap(({ cpuSecondsPer1000 }) => Object.keys(cpuSecondsPer1000)))];
  return {
    engine,
    runs: good.length,
    failed: trials.length - good.length,
    sagasPerSecond: spread(of(({ sagasPerSecond }) => sagasPerSecond)),
    timesOurs: multiples.length === 0 ? null : spread(multiples),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: p99s.length === 0 ? null : spread(p99s),
    cpuSecondsPer1000: Object.fromEntries(
      processes.map((name) => [name, median(of(({ cpuSecondsPer1000 }) => cpuSecondsPer1000[name] ?? null))]),
    ),
    cpuSecondsPer1000All: middle(({ cpuSecondsPer1000All }) => cpuSecondsPer1000All) ?? 0,
    commitsPerSaga: middle(({ commitsPerSaga }) => commitsPerSaga) ?? 0,
    fsyncsPerSaga: middle(({ fsyncsPerSaga }) => fsyncsPerSaga) ?? 0,
    walBytesPerSaga: middle(({ walBytesPerSaga }) => walBytesPerSaga) ?? 0,
    statementsPerSaga:
      middle(({ statementsPerSaga }) => Object.values(statementsPerSaga).reduce((sum, count) => sum + count, 0)) ?? 0,
    othersCores: middle(({ othersCores }) => othersCores),
  };
}

export const summaryColumns = [
  'engine',
  'runs',
  'sagas/s (min–max)',
  'Waybill ×',
  'p50 ms',
  'p99 ms (min–max)',
  'CPU s/1,000',
  'of it: Postgres',
  'worker',
  'submitter',
  'others',
  'commits',
  'fsyncs',
  'WAL bytes',
  'statements',
  'other load',
] as const;

const inOwnColumn = new Set(['postgres', 'worker', 'both', 'submitter']);

export function summaryRow(each: Summary): Cell[] {
  const { cpuSecondsPer1000: cpu } = each;
  const others = Object.entries(cpu).filter(([name]) => !inOwnColumn.has(name));
  return [
    each.engine,
    each.failed > 0 ? `${each.runs} (${each.failed} failed)` : each.runs,
    withRange(each.sagasPerSecond, 0),
    each.timesOurs && round(each.timesOurs.median),
    each.p50Ms && round(each.p50Ms, 1),
    each.p99Ms && withRange(each.p99Ms, 0),
    each.cpuSecondsPer1000All,
    cpu['postgres'] ?? null,
    cpu['worker'] ?? cpu['both'] ?? null,
    cpu['submitter'] ?? null,
    others.length === 0 ? null : others.map(([name, seconds]) => `${name} ${seconds}`).join(', '),
    each.commitsPerSaga,
    each.fsyncsPerSaga,
    each.walBytesPerSaga,
    each.statementsPerSaga,
    each.othersCores,
  ];
}

const withRange = ({ median: middle, min, max }: Spread, decimals: number): string =>
  `${round(middle, decimals)} (${round(min, decimals)}–${round(max, decimals)})`;
