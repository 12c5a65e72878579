/** What a phase of a run took: processor time by process, write-ahead log, and what others on the machine took meanwhile. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { cpuTimeMs } from './cpu-time.ts';

export type Pids = Readonly<Record<string, number>>;

export interface Reading {
  /** By process, with all its descendants: of Postgres, that is its backends. Empty where the system keeps no books. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Of the whole machine, everybody's; null where it is unknown. */
  readonly machineCpuMs: number | null;
  readonly walBytes: number;
}

/** Counters that sessions hand in when they end, at the latest: read them before and after everybody's life. */
export interface Counters {
  readonly commits: number;
  readonly fsyncs: number;
}

export interface Meter extends AsyncDisposable {
  read(pids: Pids): Promise<Reading>;
  counters(): Promise<Counters>;
}

/** @param databaseUrl whose commits are counted; flushes and write-ahead log are the whole server's */
export async function openMeter(databaseUrl: string): Promise<Meter> {
  const url = new URL(databaseUrl);
  const database = url.pathname.slice(1);
  // Elsewhere, so that the meter's own statements are not counted.
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.toString() });
  client.on('error', () => undefined);
  await client.connect();
  return {
    async read(pids) {
      const { rows } = await client.query<{ bytes: number }>(
        `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`,
      );
      const times = await Promise.all(
        Object.entries(pids).map(async ([name, pid]) => [name, await cpuTimeMs([pid])] as const),
      );
      return {
        cpuMs: Object.fromEntries(times.flatMap(([name, ms]) => (ms === null ? [] : [[name, ms] as const]))),
        machineCpuMs: await machineCpuMs(),
        walBytes: rows[0]?.bytes ?? 0,
      };
    },
    async counters() {
      const { rows } = await client.query<Counters>(
        `select (select xact_commit from pg_stat_database where datname = $1)::float8 as commits,
          (select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal')::float8 as fsyncs`,
        [database],
      );
      return rows[0] ?? { commits: 0, fsyncs: 0 };
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** What `after` has more than `before`, per `n` of something. */
export function perMany(before: Reading, after: Reading, n: number) {
  const cpuSecondsPer1000 = Object.fromEntries(
    Object.entries(after.cpuMs).map(([name, ms]) => [name, (ms - (before.cpuMs[name] ?? 0)) / n]),
  );
  return { cpuSecondsPer1000, walBytes: (after.walBytes - before.walBytes) / n };
}

/** Processors that others than `own` took on average. */
export function othersCores(before: Reading, after: Reading, tookMs: number): number | null {
  if (before.machineCpuMs === null || after.machineCpuMs === null) return null;
  const own = Object.entries(after.cpuMs).reduce((sum, [name, ms]) => sum + ms - (before.cpuMs[name] ?? 0), 0);
  return Math.max(0, (after.machineCpuMs - before.machineCpuMs - own) / tookMs);
}

const tickMs = 10;

/** Time in user, nice, system, interrupts, and stolen by the host. */
async function machineCpuMs(): Promise<number | null> {
  const stat = await readFile('/proc/stat', 'utf8').catch(() => '');
  const [user, nice, system, , , irq, softirq, steal] = stat.split('\n', 1)[0]?.match(/\d+/g)?.map(Number) ?? [];
  if (user === undefined) return null;
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * tickMs;
}
