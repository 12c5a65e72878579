/** Retention: passes over what ended long ago, in small batches with rests, one process at a time. */
import { countDue, type DropAlongside, type Dropped, dropEnded } from './ended-actors.ts';
import type { DatabasePool } from './pool.ts';
import { withClient } from './with-client.ts';

export interface RetentionOptions {
  readonly pool: DatabasePool;
  /** For a session of its own, which holds the lock of a pass. */
  readonly databaseUrl: string;
  readonly alongside: DropAlongside;
  readonly monotonicMs: () => number;
  /** Resolves after `ms`, or earlier once the signal is aborted. */
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Told of every batch that was committed. */
  readonly onDropped?: (dropped: Dropped) => void;
}

export interface Pass {
  /** At least 1. */
  readonly olderThanDays: number;
  /** Ends the pass after the batch under way. */
  readonly signal?: AbortSignal;
}

/** `busy`: another process is at it. */
export type PassEnd = { readonly type: 'done'; readonly dropped: Dropped } | { readonly type: 'busy' };

export interface Retention {
  /** What a pass would drop now; `actors` and `transitions` alone. */
  countDue(olderThanDays: number): Promise<Dropped>;
  /** Drops all that may be dropped, batch by batch; each batch commits by itself, so a pass may end at any time. */
  runOnce(pass: Pass): Promise<PassEnd>;
}

/** Any constant will do, as long as nothing else in the database takes it: the ASCII codes of "RETN". */
const lockKey = 0x5245544e;
/** Actors per batch: some thousand rows, whose locks nobody waits for. */
const defaultBatch = 200;
/** A pass works for a fifth of the time at most: the busier the database, the longer a batch takes, and the rest after it. */
const restPerWork = 4;

/** @param batch actors per transaction; tests take fewer */
export function retention(options: RetentionOptions, batch = defaultBatch): Retention {
  return {
    countDue: (olderThanDays) => countDue(options.pool, olderThanDays),
    runOnce: (pass) =>
      withClient(options.databaseUrl, async (session) => {
        // Held until the session ends, however that happens. Without it two passes would merely work twice as hard.
        const { rows } = await session.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [lockKey]);
        if (rows[0]?.taken !== true) return { type: 'busy' };
        return { type: 'done', dropped: await dropAll(options, pass, batch) };
      }),
  };
}

async function dropAll(options: RetentionOptions, { olderThanDays, signal }: Pass, limit: number): Promise<Dropped> {
  const { pool, alongside, monotonicMs, delay } = options;
  let sum: Dropped = { actors: 0, transitions: 0 };
  for (;;) {
    if (signal?.aborted) return sum;
    const startedAtMs = monotonicMs();
    const dropped = await pool.transaction((tx) => dropEnded(tx, { olderThanDays, limit, alongside }));
    sum = added(sum, dropped);
    if (dropped.actors === 0) return sum;
    options.onDropped?.(dropped);
    await delay(restPerWork * (monotonicMs() - startedAtMs), signal);
  }
}

function added(sum: Dropped, more: Dropped): Dropped {
  const total: Record<string, number> = { ...sum };
  for (const [what, rows] of Object.entries(more)) total[what] = (total[what] ?? 0) + rows;
  return { ...total, actors: sum.actors + more.actors, transitions: sum.transitions + more.transitions };
}

export interface RetentionLoop {
  readonly retention: Pick<Retention, 'runOnce'>;
  readonly olderThanDays: number;
  readonly intervalMs: number;
  /** Ends the loop after the batch under way. */
  readonly signal: AbortSignal;
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Told of a pass that failed; the next one comes after the interval all the same. */
  readonly onFault: (error: unknown) => void;
}

/** One pass after the other until the signal is aborted. */
export async function runRetention(loop: RetentionLoop): Promise<void> {
  const { signal } = loop;
  while (!signal.aborted) {
    try {
      await loop.retention.runOnce({ olderThanDays: loop.olderThanDays, signal });
    } catch (error) {
      loop.onFault(error);
    }
    await loop.delay(loop.intervalMs, signal);
  }
}
