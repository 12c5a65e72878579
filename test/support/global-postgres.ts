/** One Postgres for a whole test run, with a migrated template database: vitest's globalSetup of `int` and `e2e`. */
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { temporaryDataDir } from './temporary-data-dir.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a superuser, on the database `postgres`. */
    readonly postgresUrl: string;
    readonly templateDatabase: string;
  }
}

const templateDatabase = 'template_waybill';

interface Shared {
  users: number;
  readonly server: Promise<{ url: string; stop(): Promise<void> }>;
}

// Each project loads a copy of this module of its own, in one process: what they share hangs on globalThis.
const holder = globalThis as { waybillTestPostgres?: Shared };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (holder.waybillTestPostgres ??= { users: 0, server: startWithTemplate() });
  shared.users += 1;
  const server = await shared.server;
  project.provide('postgresUrl', server.url);
  project.provide('templateDatabase', templateDatabase);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete holder.waybillTestPostgres;
    await server.stop();
  };
}

async function startWithTemplate(): Promise<{ url: string; stop(): Promise<void> }> {
  const { path: dataDir, remove } = await temporaryDataDir();
  const server = await startEmbeddedPostgres({ dataDir, fsync: false, maxConnections: 300 });
  const url = new URL(server.url);
  url.pathname = '/postgres';
  const admin = new pg.Client({ connectionString: url.toString() });
  await admin.connect();
  await admin.query(`create database ${templateDatabase}`);
  await admin.end();
  const template = new URL(server.url);
  template.pathname = `/${templateDatabase}`;
  await migrate(template.toString());
  return { url: url.toString(), stop: remove };
}
