/** The connection pool, with bounded statements and no session state. */
import { createPool, type DatabasePool, type DatabaseTransactionConnection } from 'slonik';
import { rowParser } from './sql.ts';

export type { DatabasePool };
/** The transaction that every writing query function takes as its first argument. */
export type Tx = DatabaseTransactionConnection;

const statementTimeoutMs = 15_000;
const lockTimeoutMs = 10_000;
/** A process that stands still in a transaction holds the locks of a whole batch: others wait no longer for it than for a lease. */
const idleInTransactionTimeoutMs = 5_000;

export interface PoolOptions {
  readonly url: string;
  readonly maxConnections: number;
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onError?: (error: Error) => void;
}

/** Timestamps arrive as epoch milliseconds; int8 as BigInt, so keep sums and counts int4 or cast them. */
export async function openPool(options: PoolOptions): Promise<DatabasePool> {
  const url = new URL(options.url);
  url.searchParams.set('options', `${url.searchParams.get('options') ?? ''} -c lock_timeout=${lockTimeoutMs}`.trim());
  const pool = await createPool(url.toString(), {
    captureStackTrace: false,
    connectionRetryLimit: 0,
    connectionTimeout: 5_000,
    idleTimeout: 60_000,
    idleInTransactionSessionTimeout: idleInTransactionTimeoutMs,
    interceptors: [rowParser],
    maxPoolSize: options.maxConnections,
    queryRetryLimit: 0,
    // The default, DISCARD ALL at every release, halves throughput. So no session state anywhere: SET LOCAL only.
    resetConnection: () => Promise.resolve(),
    statementTimeout: statementTimeoutMs,
    // The caller knows what a repeated transaction means; the pool does not.
    transactionRetryLimit: 0,
  });
  // Without a listener a broken idle connection ends the process.
  pool.on('error', (error) => options.onError?.(error));
  return pool;
}
