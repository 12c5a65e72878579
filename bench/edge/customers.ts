/** Customers under a fixed number of requests in flight, who come again when Retry-After says so: a phase of a measurement. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '@sinclair/typebox';
import type { DatabasePool } from '../../src/persistence/pool.ts';
import { row, sql } from '../../src/persistence/sql.ts';
import { cpuTimeMs } from '../engines/cpu-time.ts';
import { orderOf, post } from './load.ts';
import { median, percentile, round } from '../figures.ts';
import type { BenchStack } from './stack.ts';

export interface PhaseOptions {
  readonly stack: BenchStack;
  readonly products: readonly string[];
  readonly customers: number;
  /** Of the keys, and unique. */
  readonly name: string;
  /** How long is measured, after a lead-in of `leadInMs`. */
  readonly seconds: number;
}

export interface Phase {
  /** Orders that got to their end, per second. */
  readonly goodput: number;
  /** Of the system (edge, worker, Postgres, Redis) per order that got to its end; null where it cannot be known. */
  readonly cpuMsPerOrder: number | null;
  /** Processors that the system got, and those that these customers took for themselves. */
  readonly systemCores: number | null;
  readonly customerCores: number;
  readonly answersPerSecond: Readonly<Record<string, number>>;
  readonly acceptedP50Ms: number;
  readonly acceptedP99Ms: number;
  readonly refusedP99Ms: number;
  readonly slowestAnswerMs: number;
}

/** The first orders are on their way, and no end can be seen yet. */
const leadInMs = 2_000;
const defaultPauseMs = 1_000;

interface Answer {
  readonly status: number;
  readonly tookMs: number;
}

/** Runs one phase. Orders are still under way when it ends: `drained` waits for those. */
export async function phase({ stack, products, customers, name, seconds }: PhaseOptions): Promise<Phase> {
  const agent = new Agent({ keepAlive: true, maxSockets: customers });
  const stopping = new AbortController();
  let answers: Answer[] = [];
  let next = 0;
  const ask = async (n: number): Promise<number | null> => {
    const sentAtMs = performance.now();
    const order = orderOf(products, n);
    const { status, retryAfterMs } = await post(stack.edgeUrl, '/orders', order, `${name}-${n}`, agent);
    answers.push({ status, tookMs: performance.now() - sentAtMs });
    return status === 202 ? null : (retryAfterMs ?? defaultPauseMs);
  };
  const customer = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const n = next++;
      for (let waitMs = await ask(n); waitMs !== null && !stopping.signal.aborted; waitMs = await ask(n))
        await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const all = Promise.all(Array.from({ length: customers }, customer));
  await Promise.race([all, sleep(leadInMs)]);
  answers = [];
  const before = await look(stack);
  await Promise.race([all, sleep(seconds * 1_000)]);
  const after = await look(stack);
  const measured = answers;
  stopping.abort();
  await all;
  agent.destroy();
  return figuresOf(before, after, measured);
}

/** Waits until nothing is under way. @returns how long that took, in ms */
export async function drained(pool: DatabasePool): Promise<number> {
  const startedAtMs = performance.now();
  while ((await counts(pool)).active > 0) await sleep(100);
  return Math.round(performance.now() - startedAtMs);
}

interface Look {
  readonly atMs: number;
  readonly ended: number;
  readonly systemCpuMs: number | null;
  readonly customerCpuMs: number;
}

async function look({ pool, pids }: BenchStack): Promise<Look> {
  const { user, system } = process.cpuUsage();
  const { ended } = await counts(pool);
  return { atMs: performance.now(), ended, systemCpuMs: await cpuTimeMs(pids), customerCpuMs: (user + system) / 1_000 };
}

function figuresOf(before: Look, after: Look, answers: readonly Answer[]): Phase {
  const tookMs = after.atMs - before.atMs;
  const ended = after.ended - before.ended;
  const systemCpuMs =
    after.systemCpuMs === null || before.systemCpuMs === null ? null : after.systemCpuMs - before.systemCpuMs;
  const times = (wanted: (status: number) => boolean): number[] =>
    answers.filter(({ status }) => wanted(status)).map(({ tookMs: answerMs }) => answerMs);
  const accepted = times((status) => status === 202);
  return {
    goodput: round((ended * 1_000) / tookMs),
    cpuMsPerOrder: systemCpuMs === null || ended === 0 ? null : round(systemCpuMs / ended),
    systemCores: systemCpuMs === null ? null : round(systemCpuMs / tookMs),
    customerCores: round((after.customerCpuMs - before.customerCpuMs) / tookMs),
    answersPerSecond: Object.fromEntries(
      Object.entries(Object.groupBy(answers, ({ status }) => String(status))).map(([status, some = []]) => [
        status,
        round((some.length * 1_000) / tookMs),
      ]),
    ),
    acceptedP50Ms: median(accepted),
    acceptedP99Ms: percentile(accepted, 99),
    refusedP99Ms: percentile(
      times((status) => status !== 202),
      99,
    ),
    slowestAnswerMs: percentile(
      times(() => true),
      100,
    ),
  };
}

const countRow = row(Type.Object({ ended: Type.Integer(), active: Type.Integer() }));

async function counts(pool: DatabasePool) {
  return pool.one(sql.type(countRow)`
    select (count(*) filter (where status <> 'active'))::int4 as ended,
      (count(*) filter (where status = 'active'))::int4 as active
    from actors.actor where machine = 'order'`);
}
