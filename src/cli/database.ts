/** The database that a command works on: DATABASE_URL, or the embedded PostgreSQL of DATA_DIR, running or not. */
import type { Config } from '../config.ts';
import { claimDataDir, DataDirInUse } from '../persistence/claim-data-dir.ts';
import { EmbeddedPostgresError } from '../persistence/embedded-postgres-error.ts';
import { joinEmbeddedPostgres, startEmbeddedPostgres } from '../persistence/embedded-postgres.ts';
import { reachPostgres } from '../persistence/reach.ts';
import { processPorts } from '../process-ports.ts';

export interface Database {
  readonly url: string;
  /** What it is, for people. */
  readonly name: string;
  readonly embedded: boolean;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Join an instance that is running on the data directory instead of refusing. */
  readonly join: boolean;
}

/**
 * Waits for a server that is late.
 * @throws WrongDatabase, DataDirInUse, EmbeddedPostgresError: one line each, fit to be printed
 */
export async function openDatabase(config: Config, options: OpenOptions): Promise<Database> {
  if (config.databaseUrl !== null) {
    const { signal } = options;
    await reachPostgres(config.databaseUrl, {
      log: options.log,
      delay: processPorts.delay,
      ...(signal ? { signal } : {}),
    });
    return { url: config.databaseUrl, name: 'DATABASE_URL', embedded: false, close: () => Promise.resolve() };
  }
  return options.join ? joinEmbedded(config, options) : ownEmbedded(config, options);
}

/** The holder of the directory may be starting its server for the first time. */
const joinTimeoutMs = 30_000;

async function ownEmbedded(config: Config, { log }: OpenOptions): Promise<Database> {
  const claim = await claimDataDir(config.dataDir).catch((error: unknown) => {
    throw unusable(config.dataDir, error);
  });
  try {
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, fsync: true, log });
    const close = async (): Promise<void> => {
      await server.stop();
      await claim.release();
    };
    return { url: server.url, name: `PostgreSQL 18 in ${config.dataDir}`, embedded: true, close };
  } catch (error) {
    await claim.release();
    throw unusable(config.dataDir, error);
  }
}

/** What the file system has against the directory (no right to it, no space, a file in its place), in one line. */
function unusable(dataDir: string, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  return new EmbeddedPostgresError(`DATA_DIR ${dataDir} cannot be used: ${error.message}`, { cause: error });
}

/** The instance that holds the directory keeps its server: we only borrow the address. */
async function joinEmbedded(config: Config, options: OpenOptions): Promise<Database> {
  try {
    return await ownEmbedded(config, options);
  } catch (error) {
    if (!(error instanceof DataDirInUse)) throw error;
    const server = await joinEmbeddedPostgres({ dataDir: config.dataDir, timeoutMs: joinTimeoutMs });
    return {
      url: server.url,
      name: `PostgreSQL 18 in ${config.dataDir}`,
      embedded: true,
      close: () => Promise.resolve(),
    };
  }
}
