/** `waybill audit`: the invariants, checked on the database; prints what breaks them. */
import type { Command } from 'commander';
import { audit, type AuditReport } from '../audit/audit.ts';
import { actorMachines } from '../compose.ts';
import { migrations } from '../machines/migrations.ts';
import { assertMigrated } from '../persistence/migrate.ts';
import { openPool } from '../persistence/pool.ts';
import { exitCodes, type Wrap } from './invocation.ts';
import { openDatabase } from './database.ts';
import { textTable } from './table.ts';

export function auditCommand(waybill: Command, wrap: Wrap): void {
  waybill
    .command('audit')
    .description('check the invariants; exit code 1 if one is broken')
    .option('--live', 'also check what holds only while workers run')
    .action(
      wrap(async ({ config, json, print }, options: { live?: boolean }) => {
        const database = await openDatabase(config, { log: (line) => process.stderr.write(`${line}\n`), join: true });
        try {
          await assertMigrated(database.url);
          const pool = await openPool({ url: database.url, maxConnections: 2 });
          const report = await audit(pool, { machines: actorMachines(), migrations, live: options.live === true });
          await pool.end();
          print(json ? JSON.stringify(report) : renderAudit(report));
          return report.clean ? exitCodes.done : exitCodes.problem;
        } finally {
          await database.close();
        }
      }),
    );
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
