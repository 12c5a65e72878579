/** What a command works with that needs the runtime: a process of no role, which neither listens nor works. */
import { compose, type Waybill } from '../compose.ts';
import type { Config } from '../config.ts';
import { assertMigrated } from '../persistence/migrate.ts';
import { createLogger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { openDatabase } from './database.ts';

export type Backend = Pick<Waybill, 'pool' | 'system' | 'ledger' | 'inspector' | 'reconciliation'>;

/** A command is over before anybody could ask what it has counted. */
const noMetrics: Metrics = { render: () => Promise.resolve(''), shutdown: () => Promise.resolve() };

/**
 * Opens the database (one that is embedded and not running is started for the time being), wires the system over it, and
 * closes all of it after `work`. What a command sets going is left to the workers, wherever they run.
 * @throws MigrationError when the database is not at this build's schema; WrongDatabase, DataDirInUse
 */
export async function withBackend<T>(config: Config, work: (backend: Backend) => Promise<T>): Promise<T> {
  // Standard output is for the answer. What a server tells at `info` is noise here.
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel;
  const log = createLogger({ level, pretty: false, role: 'command', destination: process.stderr });
  const database = await openDatabase(config, { log: (line) => process.stderr.write(`${line}\n`), join: true });
  try {
    await assertMigrated(database.url);
    const backend = await compose({ ...config, roles: [] }, { databaseUrl: database.url, log, metrics: noMetrics });
    try {
      return await work(backend);
    } finally {
      await backend.close();
    }
  } finally {
    await database.close();
  }
}
