/** Plain `pg`, for engines that bring no transactions of their own. */
import pg from 'pg';

/** Connections for the steps of engines that run one transaction per step. */
const stepConnections = 16;

export function openStepPool(databaseUrl: string, max = stepConnections): pg.Pool {
  const pool = new pg.Pool({ connectionString: databaseUrl, max, idleTimeoutMillis: 0 });
  // Without a listener a broken idle connection ends the process.
  pool.on('error', (error) => process.stderr.write(`pool: ${error.message}\n`));
  return pool;
}

/** Runs `work` in one transaction; a throw rolls back. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    client.release(broken);
  }
}
