/** Waits for a database that is late, and says at once, in one line, when waiting would not help. */
import pg from 'pg';

/** The database is not merely late: the URL, the login or the database name is wrong. One line, fit to be printed. */
export class WrongDatabase extends Error {
  override readonly name = 'WrongDatabase';
}

export interface ReachOptions {
  readonly signal?: AbortSignal;
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Told now and then what is being waited for. */
  readonly log: (line: string) => void;
}

const retryMs = 500;
const firstLogAfter = 2;
const logEvery = 20;
/** SQLSTATEs that no waiting changes: wrong password or role, no such database. */
const hopeless = new Set(['28P01', '28000', '3D000', '42501']);

/**
 * Resolves once the server answers a query.
 * @throws WrongDatabase; whatever aborted `signal`
 */
export async function reachPostgres(url: string, options: ReachOptions): Promise<void> {
  const shown = nameOf(url);
  for (let tries = 1; ; tries += 1) {
    options.signal?.throwIfAborted();
    const failure = await tryOnce(url);
    if (failure === null) return;
    if (hopeless.has(failure.code)) throw new WrongDatabase(`DATABASE_URL: ${shown} refuses us: ${failure.message}`);
    if (tries === firstLogAfter || tries % logEvery === 0)
      options.log(`waiting for Postgres at ${shown} (DATABASE_URL): ${failure.message}`);
    await options.delay(retryMs, options.signal);
  }
}

/** @returns whether the server answers on a fresh connection, be it by a refusal; each of two steps may take `timeoutMs` */
export async function isAnswering(url: string, timeoutMs: number): Promise<boolean> {
  const failure = await tryOnce(url, timeoutMs);
  return failure === null || sqlState.test(failure.code);
}

/** Codes of Node's own (EPIPE) begin with a letter. */
const sqlState = /^\d[0-9A-Z]{4}$/;

async function tryOnce(
  url: string,
  timeoutMs = 5_000,
): Promise<{ readonly code: string; readonly message: string } | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  // A connection that breaks while it is being ended has nothing more to tell.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { code, message: messageOf(error, code) };
  } finally {
    await client.end().catch(() => {});
  }
}

/** Node joins the failures of several addresses into one error without a message. */
function messageOf(error: unknown, code: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === '' ? code : message;
}

/** Host, port and database of a URL, without the password. */
function nameOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
