/** The audit that a worker runs now and then. */
import { type AuditReport, audit } from '../audit/audit.ts';
import { keepAudit } from '../console/kept-audit.ts';
import { migrations } from '../machines/migrations.ts';
import { storeClock } from '../persistence/operations.ts';
import { openPool } from '../persistence/pool.ts';
import { actorMachines } from './machines.ts';

const dayMs = 86_400_000;

/** An invariant that looks through tens of millions of rows takes some minutes. */
const auditStatementMs = 1_800_000;

/** On a connection of its own, whose statements may take long, and kept for the console; replays what ended in the last day, or has not ended. */
export async function auditOnce(url: string, onError: (error: Error) => void): Promise<AuditReport> {
  const pool = await openPool({
    url,
    maxConnections: 1,
    statementTimeoutMs: auditStatementMs,
    readsWholeTables: true,
    onError,
  });
  try {
    const logsSinceMs = (await storeClock(pool)) - dayMs;
    const report = await audit(pool, { machines: actorMachines(), migrations, live: true, logsSinceMs });
    await keepAudit(pool, report, true);
    return report;
  } finally {
    await pool.end();
  }
}
