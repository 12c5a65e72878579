import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertMigrated, awaitMigrated, migrate } from '../../src/persistence/migrate.ts';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/wait.ts';

let directory: string;
let database: Awaited<ReturnType<typeof createDatabase>>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-migrations-'));
  database = await createDatabase({ migrated: false });
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

const file = (name: string, sql: string): Promise<void> => writeFile(join(directory, name), sql);

async function query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('migrate', () => {
  it('applies the files in order, once', async () => {
    await file('0002_fill.sql', "insert into thing (name) values ('a'); insert into thing (name) values ('b');");
    await file('0001_thing.sql', 'create table thing (name text primary key);');
    const log: string[] = [];

    expect(await migrate(database.url, { directory, log: (line) => log.push(line) })).toEqual([
      '0001_thing.sql',
      '0002_fill.sql',
    ]);
    expect(await migrate(database.url, { directory })).toEqual([]);

    expect(log).toEqual(['applied 0001_thing.sql', 'applied 0002_fill.sql']);
    expect(await query('select name from thing order by name')).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(await query('select name from waybill.migration order by name')).toEqual([
      { name: '0001_thing.sql' },
      { name: '0002_fill.sql' },
    ]);
  });

  it('lets many processes start at once: one of them applies each file', async () => {
    await file('0001_thing.sql', 'create table thing (name text primary key); select pg_sleep(0.2);');
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(database.url, { directory })));
    expect(applied.flat()).toEqual(['0001_thing.sql']);
  });

  it('refuses a file that was changed after it was applied, naming it', async () => {
    await file('0001_thing.sql', 'create table thing (name text);');
    await migrate(database.url, { directory });
    await file('0001_thing.sql', 'create table thing (name text not null);');

    const message = '0001_thing.sql was changed after it was applied: put it back and write a new migration';
    await expect(migrate(database.url, { directory })).rejects.toThrow(message);
    await expect(assertMigrated(database.url, { directory })).rejects.toThrow(message);
    await expect(awaitMigrated(database.url, { directory, timeoutMs: 60_000 })).rejects.toThrow(message);
  });

  it('takes other line ends for the same file', async () => {
    await file('0001_thing.sql', 'create table thing\n(name text);\n');
    await migrate(database.url, { directory });
    await file('0001_thing.sql', 'create table thing\r\n(name text);\r\n');
    expect(await migrate(database.url, { directory })).toEqual([]);
  });

  it('refuses a new file that is numbered below an applied one', async () => {
    await file('0002_thing.sql', 'select 1;');
    await migrate(database.url, { directory });
    await file('0001_late.sql', 'select 1;');
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      '0001_late.sql comes before 0002_thing.sql, which is applied already: give it a higher number',
    );
  });

  it('refuses two files with one number, and a name without one', async () => {
    await file('0001_a.sql', 'select 1;');
    await file('0001_b.sql', 'select 1;');
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      '0001_a.sql and 0001_b.sql have the same number',
    );
    await rm(join(directory, '0001_b.sql'));
    await file('thing.sql', 'select 1;');
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      'thing.sql: a migration is named NNNN_<what>.sql',
    );
  });

  it('rolls a failing file back whole, names its line, and keeps those before it', async () => {
    await file('0001_thing.sql', 'create table thing (name text);');
    await file('0002_bad.sql', "insert into thing (name) values ('a');\n\nselect nonsense;");
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      '0002_bad.sql line 3: column "nonsense" does not exist',
    );
    expect(await query('select name from thing')).toEqual([]);
    expect(await query('select name from waybill.migration')).toEqual([{ name: '0001_thing.sql' }]);
  });
});

describe('assertMigrated', () => {
  it('says what is missing, in one line', async () => {
    await file('0001_thing.sql', 'create table thing (name text);');
    await file('0002_more.sql', 'select 1;');
    await expect(assertMigrated(database.url, { directory })).rejects.toThrow(
      'the database lacks 2 of 2 migrations, from 0001_thing.sql: run waybill migrate',
    );
    await migrate(database.url, { directory });
    await assertMigrated(database.url, { directory });
  });

  it('accepts a database that a newer build has migrated', async () => {
    await file('0001_thing.sql', 'select 1;');
    await file('0002_newer.sql', 'select 1;');
    await migrate(database.url, { directory });
    await rm(join(directory, '0002_newer.sql'));
    await assertMigrated(database.url, { directory });
    expect(await migrate(database.url, { directory })).toEqual([]);
  });
});

describe('awaitMigrated', () => {
  it('waits for whoever migrates', async () => {
    await file('0001_thing.sql', 'select 1;');
    const log: string[] = [];
    const waiting = awaitMigrated(database.url, {
      directory,
      timeoutMs: 10_000,
      pollMs: 20,
      log: (line) => log.push(line),
    });
    await eventually(() => log.length > 0);
    await migrate(database.url, { directory });
    await waiting;
    expect(log).toEqual(['waiting: the database lacks 1 of 1 migrations, from 0001_thing.sql: run waybill migrate']);
  });

  it('waits for a database that is not there yet, and gives up in the end', async () => {
    await file('0001_thing.sql', 'select 1;');
    const url = new URL(database.url);
    url.pathname = '/not_there_yet';
    await expect(awaitMigrated(url.toString(), { directory, timeoutMs: 60, pollMs: 20 })).rejects.toThrow(
      'database "not_there_yet" does not exist',
    );
  });

  it('can be called off', async () => {
    await file('0001_thing.sql', 'select 1;');
    const abort = new AbortController();
    const waiting = awaitMigrated(database.url, { directory, timeoutMs: 60_000, signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});
