/** `waybill retention`: drops now what ended long ago, or tells what would go. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { createRetention } from '../compose.ts';
import type { Config } from '../config.ts';
import type { Dropped } from '../persistence/ended-actors.ts';
import { assertMigrated } from '../persistence/migrate.ts';
import { openPool } from '../persistence/pool.ts';
import type { Retention } from '../persistence/retention.ts';
import { openDatabase } from './database.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { problem } from './operator.ts';

interface RetentionCommandOptions {
  readonly dryRun?: boolean;
  readonly days?: number;
}

export function retentionCommand(waybill: Command, wrap: Wrap): void {
  waybill
    .command('retention')
    .description(
      'drop the actors of orders that ended long ago, with their logs and notices; orders stay in the ledger',
    )
    .addOption(new Option('--days <n>', 'how long ago; default: RETENTION_DAYS').argParser(days))
    .option('--dry-run', 'only tell what would go')
    .action(
      wrap(async (invocation, options: RetentionCommandOptions) => {
        const olderThanDays = options.days ?? invocation.config.retentionDays;
        if (olderThanDays === 0) {
          process.stderr.write('waybill: nothing is ever dropped: set RETENTION_DAYS, or give --days\n');
          return exitCodes.wrongUse;
        }
        return withRetention(invocation.config, (retention) =>
          options.dryRun ? tell(invocation, retention, olderThanDays) : drop(invocation, retention, olderThanDays),
        );
      }),
    );
}

async function withRetention(config: Config, work: (retention: Retention) => Promise<ExitCode>): Promise<ExitCode> {
  const database = await openDatabase(config, { log: (line) => process.stderr.write(`${line}\n`), join: true });
  try {
    await assertMigrated(database.url);
    const pool = await openPool({ url: database.url, maxConnections: 2 });
    try {
      return await work(createRetention(pool, database.url));
    } finally {
      await pool.end();
    }
  } finally {
    await database.close();
  }
}

async function tell({ json, print }: Invocation, retention: Retention, olderThanDays: number): Promise<ExitCode> {
  const due = await retention.countDue(olderThanDays);
  print(json ? body(olderThanDays, due, true) : `would drop ${rowsOf(due)}, ended more than ${olderThanDays} days ago`);
  return exitCodes.done;
}

async function drop(invocation: Invocation, retention: Retention, olderThanDays: number): Promise<ExitCode> {
  const { json, print } = invocation;
  const end = await retention.runOnce({ olderThanDays });
  switch (end.type) {
    case 'done': {
      const line = `dropped ${rowsOf(end.dropped)}, ended more than ${olderThanDays} days ago`;
      print(json ? body(olderThanDays, end.dropped, false) : line);
      return exitCodes.done;
    }
    case 'busy':
      return problem(invocation, 'another process is dropping at this moment', { error: 'retention_busy' });
    default:
      return end satisfies never;
  }
}

const body = (olderThanDays: number, rows: Dropped, dryRun: boolean): string =>
  JSON.stringify({ older_than_days: olderThanDays, dry_run: dryRun, rows });

function rowsOf(rows: Dropped): string {
  return Object.entries(rows)
    .map(([what, n]) => `${n} ${what}`)
    .join(', ');
}

function days(value: string): number {
  const n = wholeNumber(value);
  if (n < 1 || n > 36_500) throw new InvalidArgumentError('expected 1 to 36500');
  return n;
}
