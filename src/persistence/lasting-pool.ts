/**
 * A pool that outlives its server's silence. Slonik waits for an answer for as long as it takes, and for a free
 * connection too; so callers wait in a bounded line, and a pool whose server has fallen silent is ended, which fails
 * what is under way, and replaced once somebody answers again. Until then every call fails at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommonQueryMethods, DatabasePool as SlonikPool } from 'slonik';
import { StoreError } from '../actors/ports.ts';
import { silenceWatch, type SilenceWatch } from './silence-watch.ts';
import { PlaceRefused, waitingLine, type WaitingLine } from './waiting-line.ts';

/** Slonik's methods that need a connection, and the end. */
export type DatabasePool = CommonQueryMethods &
  Pick<SlonikPool, 'connect' | 'end'> & {
    /** Connections in use, callers that wait for one, and how many connections there may be. */
    places(): { readonly taken: number; readonly waiting: number; readonly size: number };
  };

export interface LastingPoolOptions {
  /** Opens a pool. It rejects when nobody answers. @param heard called at every answer of the server */
  readonly open: (heard: () => void) => Promise<SlonikPool>;
  /** Whether the server answers on a fresh connection; settles within a few seconds either way. */
  readonly isThere: () => Promise<boolean>;
  readonly maxConnections: number;
  readonly onError: (error: Error) => void;
}

/** Without any answer for so long, the server is asked on a fresh connection. */
const silentMs = 2_000;
const renewMs = 250;
const openMs = 5_000;
/** For a free connection. Who has waited for so long is better told that all are taken. */
const maxWaitMs = 3_000;
/** More than the requests and the actors that a process takes on at a time. */
const maxWaiting = 2_000;

interface Standing {
  readonly pool: SlonikPool;
  readonly line: WaitingLine;
  readonly watch: SilenceWatch;
}

/** @throws when the first pool cannot be opened */
export async function lastingPool(options: LastingPoolOptions): Promise<DatabasePool> {
  let ended = false;
  const isEnded = (): boolean => ended;
  let standing = await stand();

  async function stand(): Promise<Standing> {
    const line = waitingLine({ places: options.maxConnections, maxWaiting, maxWaitMs });
    const watch = silenceWatch({
      silentMs,
      probe: options.isThere,
      onSilent: () => void replace({ pool, line }),
      monotonicMs: () => performance.now(),
    });
    const pool = await options.open(watch.heard);
    return { pool, line, watch };
  }
  const replace = async ({ pool, line }: Omit<Standing, 'watch'>): Promise<void> => {
    options.onError(new Error('Postgres does not answer: its connections are given up'));
    line.close('Postgres does not answer');
    // Ends the connections, and with them every statement and transaction on them.
    void pool.end().catch(options.onError);
    while (!isEnded()) {
      const next = (await options.isThere()) ? await inTime(stand()) : null;
      if (next && isEnded()) return next.pool.end();
      if (next) return void (standing = next);
      await sleep(renewMs, undefined, { ref: false });
    }
  };
  const run: Run = (work, urgent = false) => {
    const { pool, line, watch } = standing;
    return line.enter(() => watch.follow(work(pool)), { urgent }).catch(asUnavailable);
  };
  const end = async (): Promise<void> => {
    ended = true;
    standing.watch.stop();
    await standing.pool.end();
  };
  return bind(run, end, () => ({ ...standing.line.occupancy(), size: options.maxConnections }));
}

/** Opening asks the server a question of its own, which it may leave unanswered like any other. */
async function inTime(opening: Promise<Standing>): Promise<Standing | null> {
  const next = await Promise.race([opening, sleep(openMs, null, { ref: false })]).catch(() => null);
  // One that comes after all is not needed any more.
  if (!next) opening.then(({ pool }) => pool.end()).catch(() => {});
  return next;
}

/** No connection, so nothing was done. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof PlaceRefused)) throw error;
  throw new StoreError('unavailable', `no connection to Postgres: ${error.message}`, { cause: error });
}

type Run = <T>(work: (pool: SlonikPool) => Promise<T>, urgent?: boolean) => Promise<T>;

/** A transaction goes on with what was accepted, for many at a time; single questions are mostly asked by those who come new. */
function bind(run: Run, end: () => Promise<void>, places: DatabasePool['places']): DatabasePool {
  return {
    any: (query) => run((pool) => pool.any(query)),
    anyFirst: (query) => run((pool) => pool.anyFirst(query)),
    connect: (routine) => run((pool) => pool.connect(routine)),
    end,
    exists: (query) => run((pool) => pool.exists(query)),
    many: (query) => run((pool) => pool.many(query)),
    manyFirst: (query) => run((pool) => pool.manyFirst(query)),
    maybeOne: (query) => run((pool) => pool.maybeOne(query)),
    maybeOneFirst: (query) => run((pool) => pool.maybeOneFirst(query)),
    one: (query) => run((pool) => pool.one(query)),
    oneFirst: (query) => run((pool) => pool.oneFirst(query)),
    places,
    query: (query) => run((pool) => pool.query(query)),
    record: (query) => run((pool) => pool.record(query)),
    stream: (query, handler) => run((pool) => pool.stream(query, handler)),
    transaction: (handler, retryLimit) => run((pool) => pool.transaction(handler, retryLimit), true),
  };
}
