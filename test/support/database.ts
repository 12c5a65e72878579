/** A database of its own for a test file, cloned from the migrated template. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { type DatabasePool, openPool } from '../../src/persistence/pool.ts';

export interface TestDatabase {
  pool(): DatabasePool;
  url(): string;
  /** The same database by plain pg, for what a test does behind the application's back. */
  pg(): pg.Pool;
}

/**
 * Call it at the top of a file or a `describe`; the functions work from `beforeAll` on.
 * The database is dropped at the end, together with whatever connections are still open to it.
 */
export function useDatabase(options: { maxConnections?: number } = {}): TestDatabase {
  let opened: { readonly url: string; readonly pool: DatabasePool; readonly plain: pg.Pool } | undefined;
  let drop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const database = await createDatabase();
    drop = database.drop;
    const plain = new pg.Pool({ connectionString: database.url, max: 10 });
    plain.on('error', () => undefined);
    opened = {
      url: database.url,
      pool: await openPool({ url: database.url, maxConnections: options.maxConnections ?? 10 }),
      plain,
    };
  });

  afterAll(async () => {
    await opened?.pool.end();
    await opened?.plain.end();
    await drop?.();
  });

  const current = (): NonNullable<typeof opened> => {
    if (!opened) throw new Error('the test database is there from beforeAll on');
    return opened;
  };
  return { pool: () => current().pool, url: () => current().url, pg: () => current().plain };
}

/**
 * A fresh database without hooks, for tests that need several.
 * @param options `migrated: false` gives an empty one
 */
export async function createDatabase(options: { migrated?: boolean } = {}): Promise<{
  url: string;
  drop(): Promise<void>;
}> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.migrated === false ? 'template0' : inject('templateDatabase');
  // File copy: 30 ms, where the default (through the write-ahead log) takes longer the bigger the template is.
  await onServer(`create database ${name} template ${template} strategy file_copy`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.toString(), drop: () => onServer(`drop database if exists ${name} with (force)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
