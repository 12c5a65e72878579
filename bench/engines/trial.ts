/**
 * One run of one engine: throughput in a burst, then in fresh processes the time of single sagas at a slow pace; the books
 * are checked at the end. Each run has a database and processes of its own, so runs may take turns.
 */
import { checkBooks } from '../business/books.ts';
import { makeOrders, type Order } from '../business/orders.ts';
import { median, percentile, round } from '../figures.ts';
import type { NamedEngine } from './catalog.ts';
import { type EndedSagas, endedSagas } from './ended-sagas.ts';
import type { EngineSettings } from './engine.ts';
import { type EngineProcesses, startEngine } from './engine-client.ts';
import type { Bench, Lab, Tuning } from './lab.ts';
import { type Meter, openMeter, othersCores, perMany } from './meter.ts';
import { type Sent, type Stats } from './protocol.ts';

export interface Load {
  /** Sagas of the burst. */
  readonly n: number;
  /** Before it, so that code and connections are warm. */
  readonly warmUp: number;
  /** Submits at a time. */
  readonly inFlight: number;
  /** Sagas of the slow pace; 0: none. */
  readonly paced: number;
  readonly perSecond: number;
  /** Of every saga the payment is declined, and what was done before is undone. */
  readonly decline: boolean;
}

export interface TrialOptions {
  readonly engine: NamedEngine;
  readonly load: Load;
  readonly profileTo?: string | null;
  /** Also what the engine itself checks of its tables; default true. */
  readonly check?: boolean;
  /** Worker processes; default 1. */
  readonly workers?: number;
}

/** One engine with a database of its own, in which it is measured once or often. */
export interface Stand extends AsyncDisposable {
  readonly settings: EngineSettings;
  run(options: Omit<TrialOptions, 'engine'>): Promise<Trial>;
}

export interface Trial {
  readonly sagasPerSecond: number;
  readonly acceptedPerSecond: number;
  /** From before the submit to the last step durable; null where no pace was asked for. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
  readonly cpuSecondsPer1000All: number;
  /** Of the database, reads included. */
  readonly commitsPerSaga: number;
  readonly fsyncsPerSaga: number;
  readonly walBytesPerSaga: number;
  /** Sent through `pg`, by process. */
  readonly statementsPerSaga: Readonly<Record<string, number>>;
  /** Whatever else an engine counts, per saga. */
  readonly countsPerSaga: Readonly<Record<string, number>>;
  /** Processors that others on this machine took, the bench itself among them. */
  readonly othersCores: number | null;
}

/** The slowest peer does not need longer. */
const timeoutMs = 120_000;
/** Engines write their last marks after the last step: that is theirs too. */
const settleMs = 500;

/** Once. */
export async function runTrial(lab: Lab, { engine, ...options }: TrialOptions, tuning?: Tuning): Promise<Trial> {
  await using stand = await openStand(lab, engine, tuning);
  return await stand.run(options);
}

export async function openStand(lab: Lab, engine: NamedEngine, tuning?: Tuning): Promise<Stand> {
  await using opened = new AsyncDisposableStack();
  const bench = opened.use(await lab.open(engine.engine, tuning));
  const meter = opened.use(await openMeter(bench.settings.databaseUrl));
  const closing = opened.move();
  const ended = { confirmed: 0, cancelled: 0 };
  return {
    settings: bench.settings,
    async run(options) {
      const trial = await measure({ engine, ...options }, bench, meter);
      const { n, warmUp, paced, perSecond, decline } = options.load;
      ended.cancelled += decline ? n : 0;
      ended.confirmed += warmUp + (decline ? 0 : n) + (paced > 0 ? paced + perSecond * pacedWarmUpSeconds : 0);
      await checkBooks(bench.settings.databaseUrl, ended);
      if (options.check ?? true) await engine.engine.check?.(bench.settings);
      return trial;
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function measure(options: TrialOptions, bench: Bench, meter: Meter): Promise<Trial> {
  const { load } = options;
  const before = await meter.counters();
  const burst = await inProcesses(options, bench, (processes, ended) =>
    measureBurst({ processes, ended, meter, bench, load }),
  );
  const after = await meter.counters();
  const sagas = load.n + load.warmUp;
  const latencies =
    load.paced === 0
      ? null
      : await inProcesses({ ...options, profileTo: null }, bench, (processes, ended) =>
          measurePace(processes, ended, load),
        );
  return {
    ...burst,
    p50Ms: latencies && median(latencies),
    p99Ms: latencies && percentile(latencies, 99),
    commitsPerSaga: round((after.commits - before.commits) / sagas),
    fsyncsPerSaga: round((after.fsyncs - before.fsyncs) / sagas),
  };
}

async function inProcesses<T>(
  { engine, profileTo, workers = 1 }: TrialOptions,
  bench: Bench,
  work: (processes: EngineProcesses, ended: EndedSagas) => Promise<T>,
): Promise<T> {
  const ended = endedSagas();
  const { settings } = bench;
  const processes = await startEngine({
    ...engine,
    settings,
    profileTo: profileTo ?? null,
    onDone: ended.onDone,
    workers,
  });
  try {
    return await work(processes, ended);
  } finally {
    await processes.stop();
  }
}

interface Measured {
  readonly processes: EngineProcesses;
  readonly ended: EndedSagas;
  readonly meter: Meter;
  readonly bench: Bench;
  readonly load: Load;
}

async function measureBurst({ processes, ended, meter, bench, load }: Measured) {
  const burst = async (orders: readonly Order[]) => {
    const { sent = [], acceptedAtMs = 0 } = await processes.drive({ type: 'burst', orders, inFlight: load.inFlight });
    return { sent, acceptedAtMs, endedAtMs: await ended.all(idsOf(orders), timeoutMs) };
  };
  await burst(makeOrders(load.warmUp));
  await settled();
  const pids = { ...bench.pids, ...processes.pids };
  const orders = makeOrders(load.n, { decline: load.decline });
  const statsBefore = await processes.stats();
  const before = await meter.read(pids);
  const { sent, acceptedAtMs, endedAtMs } = await burst(orders);
  await settled();
  const after = await meter.read(pids);
  const counted = countedSince(statsBefore, await processes.stats(), load.n);
  const startedAtMs = sent.reduce((first, [, atMs]) => Math.min(first, atMs), Infinity);
  const { cpuSecondsPer1000, walBytes } = perMany(before, after, load.n);
  const others = othersCores(before, after, endedAtMs - startedAtMs + settleMs);
  return {
    sagasPerSecond: round((load.n * 1_000) / (endedAtMs - startedAtMs)),
    acceptedPerSecond: round((load.n * 1_000) / (acceptedAtMs - startedAtMs)),
    cpuSecondsPer1000: rounded(cpuSecondsPer1000),
    cpuSecondsPer1000All: round(Object.values(cpuSecondsPer1000).reduce((sum, seconds) => sum + seconds, 0)),
    walBytesPerSaga: Math.round(walBytes),
    ...counted,
    othersCores: others === null ? null : round(others),
  };
}

/** Of the pace: enough for the first orders not to be the first. */
const pacedWarmUpSeconds = 2;

/** @returns how long each saga took, in ms */
async function measurePace(processes: EngineProcesses, ended: EndedSagas, load: Load): Promise<number[]> {
  const { perSecond } = load;
  const pace = async (n: number): Promise<Sent> => {
    const orders = makeOrders(n);
    const { sent = [] } = await processes.drive({ type: 'paced', orders, perSecond });
    await ended.all(idsOf(orders), timeoutMs);
    return sent;
  };
  await pace(perSecond * pacedWarmUpSeconds);
  const sent = await pace(load.paced);
  return sent.map(([orderId, atMs]) => (ended.atMs(orderId) ?? Infinity) - atMs);
}

function countedSince(
  before: Readonly<Record<string, Stats>>,
  after: Readonly<Record<string, Stats>>,
  n: number,
): Pick<Trial, 'statementsPerSaga' | 'countsPerSaga'> {
  const statementsPerSaga: Record<string, number> = {};
  const countsPerSaga: Record<string, number> = {};
  for (const [role, stats] of Object.entries(after))
    for (const [name, count] of Object.entries(stats)) {
      const each = round((count - (before[role]?.[name] ?? 0)) / n);
      if (name === 'statements') statementsPerSaga[role] = each;
      else countsPerSaga[name] = round((countsPerSaga[name] ?? 0) + each);
    }
  return { statementsPerSaga, countsPerSaga };
}

const idsOf = (orders: readonly Order[]): string[] => orders.map(({ orderId }) => orderId);

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, settleMs));

const rounded = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]));
