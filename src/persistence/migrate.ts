/** Brings a database to the schema of this build: plain SQL files, forward only, one process at a time. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { withClient } from './with-client.ts';

const defaultDirectory = fileURLToPath(new URL('../../sql/migrations/', import.meta.url));
/** Any constant will do, as long as nothing else in the database takes it: the ASCII codes of "WAYB". */
const lockKey = 0x57415942;
const lockPollMs = 100;
/** A migration that another process is running may rewrite a table; longer than this it is stuck. */
const lockWaitMs = 300_000;
/** A migration queued for a table lock blocks everybody behind it, so it gives up early and is run again. */
const tableLockTimeoutMs = 10_000;

/** A database and a set of migration files that do not go together. One line, fit to be printed as it is. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface MigrateOptions {
  /** Told the name of each file as it is applied. */
  readonly log?: (line: string) => void;
  /** Default: `sql/migrations` of this build. */
  readonly directory?: string;
}

/**
 * Applies the files that the database lacks, in the order of their numbers, each in a transaction of its own.
 * Safe to call from any number of processes at once: they take turns, and all but the first find nothing to do.
 * Statements that refuse to run in a transaction (create index concurrently) are therefore not possible.
 * @returns the names of the files that were applied, possibly none
 * @throws MigrationError when an applied file was changed, one is numbered below an applied one, or one fails;
 * the files before the failing one stay applied
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = await readMigrations(options.directory ?? defaultDirectory);
  return withClient(url, async (client) => {
    await takeLock(client);
    await client.query(`set lock_timeout = ${tableLockTimeoutMs}; set statement_timeout = 0`);
    await client.query(`
      create schema if not exists waybill;
      create table if not exists waybill.migration (
        name text primary key,
        checksum text not null,
        applied_at timestamptz not null default clock_timestamp()
      )`);
    const pending = pendingOf(migrations, await readApplied(client));
    for (const migration of pending) {
      await apply(client, migration);
      options.log?.(`applied ${migration.name}`);
    }
    return pending.map((migration) => migration.name);
  });
}

/**
 * For roles that leave migrating to others.
 * @throws MigrationError when the database lacks a file of this build, or has it in another form; files that only the
 * database knows are fine (a newer build migrated it)
 */
export async function assertMigrated(url: string, options: MigrateOptions = {}): Promise<void> {
  const migrations = await readMigrations(options.directory ?? defaultDirectory);
  const pending = await withClient(url, async (client) => pendingOf(migrations, await readApplied(client)));
  if (pending.length === 0) return;
  throw new MigrationError(
    `the database lacks ${pending.length} of ${migrations.length} migrations, from ${pending[0]?.name}: run waybill migrate`,
  );
}

export interface AwaitMigratedOptions extends MigrateOptions {
  readonly timeoutMs: number;
  /** Default 500. */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The same for a start in which the database, or the one that migrates it, may be late: waits for both.
 * `log` is told once why it waits.
 * @throws what the last look found, after `timeoutMs`; at once when files were changed; AbortError
 */
export async function awaitMigrated(url: string, options: AwaitMigratedOptions): Promise<void> {
  const pollMs = options.pollMs ?? 500;
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    try {
      await assertMigrated(url, options);
      return;
    } catch (error) {
      const isHopeless = error instanceof MigrationError && !error.message.startsWith('the database lacks');
      if (isHopeless || waitedMs >= options.timeoutMs) throw error;
      if (waitedMs === 0) options.log?.(`waiting: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleep(pollMs, undefined, options.signal ? { signal: options.signal } : {});
  }
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  for (const [index, name] of names.entries()) {
    if (!/^\d{4}_[\w-]+\.sql$/.test(name)) throw new MigrationError(`${name}: a migration is named NNNN_<what>.sql`);
    const before = names[index - 1];
    if (before?.slice(0, 4) === name.slice(0, 4))
      throw new MigrationError(`${before} and ${name} have the same number`);
  }
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name), 'utf8');
      // A checkout on Windows may carry other line ends; that is no change.
      const checksum = createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
      return { name, sql, checksum };
    }),
  );
}

function pendingOf(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  const last = [...applied.keys()].sort().at(-1) ?? '';
  return migrations.filter(({ name, checksum }) => {
    const known = applied.get(name);
    if (known === undefined && name < last) {
      throw new MigrationError(`${name} comes before ${last}, which is applied already: give it a higher number`);
    }
    if (known !== undefined && known !== checksum) {
      throw new MigrationError(`${name} was changed after it was applied: put it back and write a new migration`);
    }
    return known === undefined;
  });
}

/** Name → checksum. Reads by sequential scan: a few dozen rows. */
async function readApplied(client: pg.Client): Promise<Map<string, string>> {
  const found = await client.query<{ found: boolean }>(`select to_regclass('waybill.migration') is not null as found`);
  if (!found.rows[0]?.found) return new Map();
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from waybill.migration`,
  );
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(migration.sql);
    await client.query('insert into waybill.migration (name, checksum) values ($1, $2)', [
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new MigrationError(`${migration.name}${lineOf(migration, error)}: ${messageOf(error)}`, { cause: error });
  }
}

function lineOf(migration: Migration, error: unknown): string {
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN;
  return position > 0 ? ` line ${migration.sql.slice(0, position).split('\n').length}` : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tries instead of waiting: one that waits inside a statement holds a snapshot, and deadlocks with index builds. */
async function takeLock(client: pg.Client): Promise<void> {
  for (let waitedMs = 0; waitedMs < lockWaitMs; waitedMs += lockPollMs) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [lockKey]);
    if (rows[0]?.taken) return;
    await sleep(lockPollMs);
  }
  throw new MigrationError(`another process has been migrating this database for ${lockWaitMs / 1_000} s`);
}
