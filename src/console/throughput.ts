/** Orders per minute: how many were placed, and how many ended in which way. Minutes that are over are counted once. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';

type Reader = Pick<CommonQueryMethods, 'any' | 'one'>;

export interface Minute {
  /** Epoch milliseconds of its beginning. */
  readonly atMs: number;
  readonly placed: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly declined: number;
}

export const minutesShown = 60;
const minuteMs = 60_000;
/** A commit that took its instant from the clock before the minute ended may still be on its way. */
const settlingMinutes = 2;

/** @returns the last 60 minutes up to an instant of the store's clock, oldest first; the last one is not over yet */
export function throughput(db: Reader): (nowMs: number) => Promise<readonly Minute[]> {
  const over = new Map<number, Minute>();
  return async (nowMs) => {
    const newest = Math.floor(nowMs / minuteMs);
    const oldest = newest - minutesShown + 1;
    for (const minute of over.keys()) if (minute < oldest) over.delete(minute);
    const wanted = Array.from({ length: minutesShown }, (_none, i) => oldest + i);
    const from = wanted.find((minute) => !over.has(minute)) ?? newest;
    const [placed, ended] = await Promise.all([placedSince(db, from), endedSince(db, from)]);
    return wanted.map((minute) => {
      const known = over.get(minute);
      if (known) return known;
      const endings = (status: string): number =>
        ended.find((one) => one.minute === minute && one.status === status)?.orders ?? 0;
      const counted = {
        atMs: minute * minuteMs,
        placed: placed.find((one) => one.minute === minute)?.orders ?? 0,
        completed: endings('COMPLETED'),
        failed: endings('FAILED'),
        cancelled: endings('CANCELLED'),
        declined: endings('AUTHORIZATION_FAILED'),
      };
      if (minute <= newest - settlingMinutes) over.set(minute, counted);
      return counted;
    });
  };
}

const placedRow = row(Type.Object({ minute: Type.Integer(), orders: Type.Integer() }));
const endedRow = row(Type.Object({ minute: Type.Integer(), status: Type.String(), orders: Type.Integer() }));

/** Locks nothing. Index: entry_created_at. */
function placedSince(db: Reader, minute: number) {
  return db.any(sql.type(placedRow)`
    select floor(extract(epoch from created_at) / 60)::int4 as minute, count(*)::int4 as orders
    from ledger.entry where created_at >= actors.from_ms(${minute * minuteMs}) group by 1`);
}

/** Locks nothing. Index: ended_lately. */
function endedSince(db: Reader, minute: number) {
  return db.any(sql.type(endedRow)`
    select floor(extract(epoch from ended_at) / 60)::int4 as minute, status, count(*)::int4 as orders
    from ledger.ended where ended_at >= actors.from_ms(${minute * minuteMs}) group by 1, 2`);
}

const timesRow = row(
  Type.Object({ p50: Type.Union([Type.Number(), Type.Null()]), p95: Type.Union([Type.Number(), Type.Null()]) }),
);
/** Percentiles of more say the same. */
const maxTimed = 20_000;

/** How long orders took from placed to COMPLETED: of the newest 20,000 that did since then. Locks nothing. Index: ended_pkey. */
export function timeToCompleted(db: Reader, sinceMs: number) {
  return db.one(sql.type(timesRow)`
    select
      percentile_cont(0.5) within group (order by took) as p50,
      percentile_cont(0.95) within group (order by took) as p95
    from (
      select (actors.to_ms(ended_at) - actors.to_ms(created_at)) as took from ledger.ended
      where status = 'COMPLETED' and created_at >= actors.from_ms(${sinceMs})
      order by created_at desc, id desc limit ${maxTimed}
    ) as newest`);
}
