/** `waybill migrate`: brings the database, and the queue's part of it, to the schema of this build. */
import type { Command } from 'commander';
import { migrate } from '../persistence/migrate.ts';
import { reachQueue } from '../queue/reach.ts';
import { processPorts } from '../process-ports.ts';
import { queueTarget } from '../compose.ts';
import { exitCodes, type Wrap } from './invocation.ts';
import { openDatabase } from './database.ts';

export function migrateCommand(waybill: Command, wrap: Wrap): void {
  waybill
    .command('migrate')
    .description('apply the SQL migrations that the database lacks')
    .action(
      wrap(async ({ config, json, print }) => {
        const log = (line: string): void => void process.stderr.write(`${line}\n`);
        const database = await openDatabase(config, { log, join: true });
        try {
          const applied = await migrate(database.url, json ? {} : { log: print });
          await reachQueue(queueTarget(config, database.url), { log, delay: processPorts.delay });
          if (json) print(JSON.stringify({ applied }));
          else print(applied.length === 0 ? 'nothing to apply' : `${applied.length} applied`);
          return exitCodes.done;
        } finally {
          await database.close();
        }
      }),
    );
}
