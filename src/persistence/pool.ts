/** The connection pool, with bounded statements and no session state. */
import {
  createPool,
  type DatabasePool as SlonikPool,
  type DatabaseTransactionConnection,
  type Interceptor,
} from 'slonik';
import { type DatabasePool, lastingPool } from './lasting-pool.ts';
import { preparedStatements } from './prepared-statements.ts';
import { isAnswering } from './reach.ts';
import { rowParser } from './sql.ts';

export type { DatabasePool };
/** The transaction that every writing query function takes as its first argument. */
export type Tx = DatabaseTransactionConnection;

const defaultStatementTimeoutMs = 15_000;
/** Of a batch that waits, every step waits. With its retries it is more than the timeout of an idle transaction below. */
const lockTimeoutMs = 2_000;
/** A process that stands still in a transaction holds the locks of a whole batch: others wait no longer for it than for a lease. */
const idleInTransactionTimeoutMs = 5_000;

export interface PoolOptions {
  readonly url: string;
  readonly maxConnections: number;
  /** Default: 15 s. Longer only for who reads whole tables while nobody waits. */
  readonly statementTimeoutMs?: number;
  /** Default: false. For who counts and compares whole tables: see `byIndex`. */
  readonly readsWholeTables?: boolean;
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onError?: (error: Error) => void;
}

/**
 * The planner takes an index wherever there is one. A plan is kept with its prepared statement, and one that was made while a
 * table was all but empty (a new database; an outbox that has just been worked off) reads all of it, at every call, until
 * somebody analyzes the table again.
 */
const byIndex = '-c enable_seqscan=off';

/** A server that takes longer is as good as away; also what a silent one costs those who find it so. */
const connectionTimeoutMs = 3_000;
const probeTimeoutMs = 2_000;
/** How long a broken connection may take to close. It is not waited for longer, whoever is at the other end. */
const terminationMs = 500;

/**
 * Timestamps arrive as epoch milliseconds; int8 as BigInt, so keep sums and counts int4 or cast them. A call waits for a
 * free connection for a few seconds at most, and fails when the server has stopped answering.
 */
export async function openPool(options: PoolOptions): Promise<DatabasePool> {
  const onError = options.onError ?? ((): void => {});
  return lastingPool({
    open: (heard) => openOnce(options, heard, onError),
    isThere: () => isAnswering(options.url, probeTimeoutMs),
    maxConnections: options.maxConnections,
    onError,
  });
}

async function openOnce(options: PoolOptions, heard: () => void, onError: (error: Error) => void): Promise<SlonikPool> {
  const url = new URL(options.url);
  const settings = [
    url.searchParams.get('options') ?? '',
    `-c lock_timeout=${lockTimeoutMs}`,
    options.readsWholeTables ? '' : byIndex,
  ];
  url.searchParams.set('options', settings.filter(Boolean).join(' '));
  const listening: Interceptor = {
    name: 'listening',
    afterQueryExecution: () => {
      heard();
      return null;
    },
  };
  const pool = await createPool(url.toString(), {
    captureStackTrace: false,
    connectionRetryLimit: 0,
    connectionTimeout: connectionTimeoutMs,
    gracefulTerminationTimeout: terminationMs,
    idleTimeout: 60_000,
    idleInTransactionSessionTimeout: idleInTransactionTimeoutMs,
    interceptors: [listening, preparedStatements(), rowParser],
    maxPoolSize: options.maxConnections,
    queryRetryLimit: 0,
    // The default, DISCARD ALL at every release, halves throughput. So no session state but prepared statements: SET LOCAL only.
    resetConnection: () => Promise.resolve(),
    statementTimeout: options.statementTimeoutMs ?? defaultStatementTimeoutMs,
    // The caller knows what a repeated transaction means; the pool does not.
    transactionRetryLimit: 0,
  });
  // Without a listener a broken idle connection ends the process.
  pool.on('error', onError);
  return pool;
}
