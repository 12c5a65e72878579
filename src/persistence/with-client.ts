/** One connection outside the pool, for what needs a session of its own: migrations, a look at a server that starts. */
import pg from 'pg';

const connectTimeoutMs = 10_000;

/** Closes the connection, and with it its session's locks, when `work` has ended either way. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  // A connection that breaks fails the query in flight; without a listener it would end the process too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
