/** Many actors that wait for a timer: what waiting costs, how late the timers fire, and how many fire per second at once. */
import { loadEngine, type NamedEngine } from '../engines/catalog.ts';
import { type EndedSagas, endedSagas } from '../engines/ended-sagas.ts';
import { startEngine } from '../engines/engine-client.ts';
import type { Bench, Tuning } from '../engines/lab.ts';
import { openLab } from '../engines/lab.ts';
import { type Meter, openMeter, perMany } from '../engines/meter.ts';
import { monotonicMs } from '../engines/protocol.ts';
import { median, percentile, round } from '../figures.ts';
import { alarmMachine } from '../runtime/alarm.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { withClient } from '../../src/persistence/with-client.ts';
import type { Workload } from './workload.ts';

/** Enough to be set on a slow machine before the first one is due. */
const leadMsPerTimer = 3;
const minLeadMs = 3_000;
const setAtATime = 256;
const warmUp = 200;
const timeoutMs = 120_000;
/** Sessions have handed in what they did, and nothing is due yet. */
const beforeDueMs = 500;

interface Firing {
  readonly timers: number;
  /** 0: all are due at one instant. */
  readonly spreadSeconds: number;
  /** From the first one due to the last one fired. */
  readonly firedPerSecond: number;
  readonly lateP50Ms: number;
  readonly lateP99Ms: number;
  readonly lateMaxMs: number;
  readonly cpuSecondsPer1000: Readonly<Record<string, number>>;
  /** Processors that Postgres and the worker took while all of them waited; null if that was too short. */
  readonly waitingCores: number | null;
}

export const timers: Workload = async ({ options, backend, report, profileTo }) => {
  const { n, seconds, concurrency, maxBatch } = options;
  const tuning: Tuning = { concurrency, maxBatch };
  const engine = await loadEngine('waybill');
  await using lab = await openLab(backend);
  const firings: Firing[] = [];
  for (let turn = 1; turn <= options.rounds; turn += 1)
    for (const spreadSeconds of [0, seconds]) {
      await using bench = await lab.open(engine.engine, tuning);
      const firing = await fired({ bench, engine, n, spreadSeconds, profileTo });
      await checkRung(bench, n);
      await engine.engine.check?.(bench.settings);
      firings.push(firing);
      report.say({ round: turn, backend, ...firing });
    }
  report.table(
    [
      'timers due',
      'runs',
      'fired/s',
      'late p50 ms',
      'late p99 ms',
      'CPU s/1,000: Postgres',
      'worker',
      'cores while waiting',
    ],
    [0, seconds].map((spreadSeconds) => {
      const those = firings.filter((firing) => firing.spreadSeconds === spreadSeconds);
      const middle = (value: (firing: Firing) => number | null | undefined): number =>
        median(those.flatMap((firing) => value(firing) ?? []));
      return [
        spreadSeconds === 0 ? `${n} at once` : `${n} within ${spreadSeconds} s`,
        those.length,
        middle(({ firedPerSecond }) => firedPerSecond),
        middle(({ lateP50Ms }) => lateP50Ms),
        middle(({ lateP99Ms }) => lateP99Ms),
        middle(({ cpuSecondsPer1000: cpu }) => cpu['postgres']),
        middle(({ cpuSecondsPer1000: cpu }) => cpu['worker']),
        middle(({ waitingCores }) => waitingCores),
      ];
    }),
  );
};

interface FiringOptions {
  readonly bench: Bench;
  readonly engine: NamedEngine;
  readonly n: number;
  readonly spreadSeconds: number;
  readonly profileTo: string | null;
}

async function fired({ bench, engine, n, spreadSeconds, profileTo }: FiringOptions): Promise<Firing> {
  const { settings } = bench;
  const ended = endedSagas();
  await using meter = await openMeter(settings.databaseUrl);
  const processes = await startEngine({ ...engine, settings, profileTo, onDone: ended.onDone });
  try {
    const pids = { ...bench.pids, ...processes.pids };
    // Cold code is not what is late.
    await setTimers(bench, idsOf('warm', warmUp), monotonicMs);
    await ended.all(idsOf('warm', warmUp), timeoutMs);
    const ids = idsOf('alarm', n);
    const firstDueAtMs = monotonicMs() + Math.max(minLeadMs, n * leadMsPerTimer);
    await setTimers(bench, ids, (i) => firstDueAtMs + (i * spreadSeconds * 1_000) / n);
    const waiting = await coresWhileWaiting(meter, pids, firstDueAtMs - monotonicMs() - beforeDueMs);
    const before = await meter.read(pids);
    const lastAtMs = await ended.all(ids, spreadSeconds * 1_000 + timeoutMs);
    const after = await meter.read(pids);
    const late = await latenesses(bench, ended);
    return {
      timers: n,
      spreadSeconds,
      firedPerSecond: round((n * 1_000) / (lastAtMs - firstDueAtMs)),
      lateP50Ms: median(late),
      lateP99Ms: percentile(late, 99),
      lateMaxMs: percentile(late, 100),
      cpuSecondsPer1000: Object.fromEntries(
        Object.entries(perMany(before, after, n).cpuSecondsPer1000).map(([name, each]) => [name, round(each)]),
      ),
      waitingCores: waiting,
    };
  } finally {
    await processes.stop();
  }
}

const idsOf = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${prefix}-${i}`);

async function setTimers({ settings }: Bench, ids: readonly string[], dueAtMs: (i: number) => number): Promise<void> {
  const runtime = await openRuntime(settings);
  const left = ids.entries();
  const setter = async (): Promise<void> => {
    for (const [i, id] of left) {
      const afterMs = Math.max(0, Math.round(dueAtMs(i) - monotonicMs()));
      await runtime.system.start({ machine: alarmMachine.id, id, input: { afterMs } });
    }
  };
  await Promise.all(Array.from({ length: setAtATime }, setter));
  await runtime.close();
}

async function coresWhileWaiting(meter: Meter, pids: Bench['pids'], forMs: number): Promise<number | null> {
  if (forMs <= 0) return null;
  const before = await meter.read(pids);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  const after = await meter.read(pids);
  const usedMs = Object.entries(after.cpuMs).reduce((sum, [name, ms]) => sum + ms - (before.cpuMs[name] ?? 0), 0);
  return round(usedMs / forMs);
}

/** From the instant in each actor's row to the one at which the commit was known. */
async function latenesses({ settings }: Bench, ended: EndedSagas): Promise<number[]> {
  const sinceEpochMs = Date.now() - monotonicMs();
  const due = await withClient(settings.databaseUrl, async (client) => {
    const { rows } = await client.query<{ id: string; due_ms: number }>(
      `select actor_id as id, actors.to_ms(at) + (event -> 'input' ->> 'afterMs')::float8 as due_ms
       from actors.transition where revision = 1 and actor_id like 'alarm-%'`,
    );
    return rows;
  });
  return due.map(({ id, due_ms }) => (ended.atMs(id) ?? Infinity) + sinceEpochMs - due_ms);
}

/** @throws unless each has fired once */
async function checkRung({ settings }: Bench, n: number): Promise<void> {
  const rung = await withClient(settings.databaseUrl, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from actors.actor where id like 'alarm-%' and state = 'rung' and revision = 2`,
    );
    return rows[0]?.n;
  });
  if (rung !== n) throw new Error(`${rung} of ${n} timers have fired once, so this run does not count`);
}
