/** `waybill audit`: the invariants, checked on the database; prints what breaks them. */
import type { Command } from 'commander';
import { audit, type AuditReport } from '../audit/audit.ts';
import { actorMachines } from '../compose.ts';
import { keepAudit } from '../console/kept-audit.ts';
import { migrations } from '../machines/migrations.ts';
import { assertMigrated } from '../persistence/migrate.ts';
import { type DatabasePool, openPool } from '../persistence/pool.ts';
import { storeClock } from '../persistence/operations.ts';
import { exitCodes, type Wrap, wholeNumber } from './invocation.ts';
import { openDatabase } from './database.ts';
import { textTable } from './table.ts';

/** An invariant that looks through tens of millions of rows takes some minutes; it locks nothing. */
const statementTimeoutMs = 1_800_000;
const dayMs = 86_400_000;
const progressMs = 5_000;

export function auditCommand(waybill: Command, wrap: Wrap): void {
  waybill
    .command('audit')
    .description('check the invariants; exit code 1 if one is broken')
    .option('--live', 'also check what holds only while workers run')
    .option('--days <days>', 'replay only what ended in the last so many days, or has not ended', wholeNumber)
    .action(
      wrap(async ({ config, json, print }, options: { live?: boolean; days?: number }) => {
        const database = await openDatabase(config, { log: (line) => process.stderr.write(`${line}\n`), join: true });
        try {
          await assertMigrated(database.url);
          const pool = await openPool({
            url: database.url,
            maxConnections: 2,
            statementTimeoutMs,
            readsWholeTables: true,
          });
          const since =
            options.days === undefined ? {} : { logsSinceMs: (await storeClock(pool)) - options.days * dayMs };
          const report = await audit(pool, {
            machines: actorMachines(),
            migrations,
            live: options.live === true,
            ...since,
            onProgress: everyFewSeconds((doing) => process.stderr.write(`audit: ${doing}\n`)),
          });
          await keep(pool, report, options.live === true);
          await pool.end();
          print(json ? JSON.stringify(report) : renderAudit(report));
          return report.clean ? exitCodes.done : exitCodes.problem;
        } finally {
          await database.close();
        }
      }),
    );
}

/** For the console. The verdict stands, whether it can be kept or not. */
async function keep(pool: DatabasePool, report: AuditReport, isLive: boolean): Promise<void> {
  try {
    await keepAudit(pool, report, isLive);
  } catch (error) {
    process.stderr.write(
      `waybill: the verdict was not kept: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}

/** A person is told that it goes on, and a short audit says nothing. */
function everyFewSeconds(say: (doing: string) => void): (doing: string) => void {
  let saidAtMs = performance.now();
  return (doing) => {
    if (performance.now() - saidAtMs < progressMs) return;
    saidAtMs = performance.now();
    say(doing);
  };
}

/** A line per invariant, the offending rows, and a verdict. */
export function renderAudit(report: AuditReport): string {
  const table = textTable(
    ['', 'invariant', 'found'],
    report.checks.map(({ id, promise, findings }) => [id, promise, findings === 0 ? 'ok' : findings]),
  );
  const rows = report.findings.map(({ invariant, row }) => `${invariant}: ${JSON.stringify(row)}`);
  const verdict = report.clean
    ? `audit clean: ${report.checks.length} invariants hold over ${report.actors} actors and ${report.transitions} transitions`
    : `audit: ${report.findings.length} findings`;
  const gone = report.ofGoneVersions;
  const unseen =
    gone > 0 ? [`${gone} actors are of versions that are not registered: their logs were not replayed`] : [];
  return [table, '', ...rows, ...unseen, verdict].join('\n');
}
