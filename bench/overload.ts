/**
 * Ten times what the system can take: first the peak is looked for, then ten times its requests in flight are offered,
 * and what counts is the goodput: orders that got to their end, per second. Then how long until all is as before.
 */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '@sinclair/typebox';
import type { DatabasePool } from '../src/persistence/pool.ts';
import { row, sql } from '../src/persistence/sql.ts';
import { orderOf, post } from './edge-load.ts';

export interface OverloadOptions {
  readonly edgeUrl: string;
  readonly pool: DatabasePool;
  readonly products: readonly string[];
  /** Of each phase. */
  readonly seconds: number;
}

const inFlightTried = [16, 64, 128];
const times = 10;
/** Of a customer that was refused: less patient than the Retry-After of a second. */
const refusedPauseMs = 100;

export async function overload(options: OverloadOptions) {
  let peak = { inFlight: 0, goodput: 0 };
  for (const inFlight of inFlightTried) {
    const { goodput } = await phase(options, inFlight, `peak-${inFlight}`);
    if (goodput > peak.goodput) peak = { inFlight, goodput };
  }
  const over = await phase(options, peak.inFlight * times, 'over');
  const after = await phase(options, peak.inFlight, 'after');
  return {
    peakInFlight: peak.inFlight,
    peakGoodput: peak.goodput,
    overloadGoodput: over.goodput,
    share: round(over.goodput / peak.goodput),
    overloadAnswers: over.answers,
    slowestAnswerMs: over.slowestMs,
    backlogClearedAfterMs: over.clearedMs,
    goodputAfter: after.goodput,
  };
}

/** Keeps so many requests in flight for a while, then waits until all that was accepted has ended. */
async function phase({ edgeUrl, pool, products, seconds }: OverloadOptions, inFlight: number, prefix: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const answers: Record<string, number> = {};
  const startedAtMs = performance.now();
  const before = await counts(pool);
  const isOver = (): boolean => performance.now() - startedAtMs > seconds * 1_000;
  let slowestMs = 0;
  let next = 0;
  const client = async (): Promise<void> => {
    while (!isOver()) {
      const n = next++;
      const sentAtMs = performance.now();
      const { status } = await post(edgeUrl, '/orders', orderOf(products, n), `${prefix}-${n}`, agent);
      answers[status] = (answers[status] ?? 0) + 1;
      slowestMs = Math.max(slowestMs, performance.now() - sentAtMs);
      if (status !== 202) await sleep(refusedPauseMs);
    }
  };
  const clients = Promise.all(Array.from({ length: inFlight }, client));
  await sleep(seconds * 1_000);
  const { ended } = await counts(pool);
  const tookMs = performance.now() - startedAtMs;
  await clients;
  while ((await counts(pool)).active > 0) await sleep(50);
  agent.destroy();
  const clearedMs = Math.round(performance.now() - startedAtMs - tookMs);
  return {
    goodput: round(((ended - before.ended) * 1_000) / tookMs),
    answers,
    slowestMs: Math.round(slowestMs),
    clearedMs,
  };
}

const countRow = row(Type.Object({ ended: Type.Integer(), active: Type.Integer() }));

async function counts(pool: DatabasePool) {
  return pool.one(sql.type(countRow)`
    select (count(*) filter (where status <> 'active'))::int4 as ended,
      (count(*) filter (where status = 'active'))::int4 as active
    from actors.actor where machine = 'order'`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
