/** The invariants of the whole system, checked on its database: each is a query or a replay that must find nothing. */
import type { CommonQueryMethods } from 'slonik';
import type { ActorMachine, Migration } from '../actors/index.ts';
import { checkLogs } from './check-logs.ts';
import { invariants } from './invariants.ts';
import { sql, row } from '../persistence/sql.ts';
import { Type } from '@sinclair/typebox';

export interface Finding {
  /** The invariant's id, e.g. `M1`. */
  readonly invariant: string;
  /** The offending row. */
  readonly row: unknown;
}

export interface AuditReport {
  readonly clean: boolean;
  readonly checks: readonly { readonly id: string; readonly promise: string; readonly findings: number }[];
  /** At most `maxFindings` per invariant. */
  readonly findings: readonly Finding[];
  readonly actors: number;
  readonly transitions: number;
  /** Ended or not yet migrated actors of versions that are not registered: their logs were not replayed. */
  readonly ofGoneVersions: number;
}

export interface AuditOptions {
  readonly machines: readonly ActorMachine[];
  readonly migrations?: readonly Migration[];
  /** Also check what holds only while workers run (O2). */
  readonly live: boolean;
  /** Replay only the logs of actors that have ended since then, or not at all; by the store's clock. Default: all. */
  readonly logsSinceMs?: number;
  /** Told what is being looked at, often. */
  readonly onProgress?: (doing: string) => void;
}

const maxFindings = 20;
const findingRow = row(Type.Object({ found: Type.Unknown() }));

/**
 * Reads only, one invariant after the other, from the pool or in a transaction; on a system at work, what is under way is
 * left out by the queries. Each invariant is one statement over whole tables, so the pool has to allow it minutes
 * (`statementTimeoutMs`); logs are read by pages, each a statement of its own.
 */
export async function audit(db: CommonQueryMethods, options: AuditOptions): Promise<AuditReport> {
  const checks: AuditReport['checks'][number][] = [];
  const findings: Finding[] = [];
  const { machines, migrations = [], logsSinceMs = null, onProgress = () => {} } = options;
  for (const { id, promise, query, onlyLive } of invariants) {
    if (onlyLive && !options.live) continue;
    onProgress(`${id}: ${promise}`);
    const rows = await db.any(
      sql.type(findingRow)`select to_jsonb(finding) as found from (${query}) as finding limit ${maxFindings}`,
    );
    checks.push({ id, promise, findings: rows.length });
    findings.push(...rows.map(({ found }) => ({ invariant: id, row: found })));
  }
  const onActors = (actors: number): void => onProgress(`${actors} actors replayed`);
  const logs = await checkLogs(db, { machines, migrations, sinceMs: logsSinceMs, maxFindings, onActors });
  for (const { id, promise } of logs.checks) {
    const found = logs.findings.filter((finding) => finding.invariant === id);
    checks.push({ id, promise, findings: found.length });
    findings.push(...found);
  }
  checks.sort((a, b) => (a.id < b.id ? -1 : 1));
  const { actors, transitions, ofGoneVersions } = logs;
  return { clean: findings.length === 0, checks, findings, actors, transitions, ofGoneVersions };
}
