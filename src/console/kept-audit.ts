/** The verdicts of `waybill audit`, kept for the console. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { AuditReport } from '../audit/audit.ts';
import { row, sql } from '../persistence/sql.ts';

const keptRuns = 100;

/** Keeps a verdict, in place of the oldest beyond a hundred. Locks its own row, and the oldest. Index: audit_pkey. */
export async function keepAudit(
  pool: Pick<CommonQueryMethods, 'query'>,
  { clean, checks, actors, transitions }: AuditReport,
  isLive: boolean,
): Promise<void> {
  await pool.query(sql.typeAlias('void')`
    with forgotten as (
      delete from console.audit where id <= (select max(id) from console.audit) - ${keptRuns - 1}
    )
    insert into console.audit (at, is_clean, is_live, actors, transitions, checks)
    values (actors.clock(), ${clean}, ${isLive}, ${actors}, ${transitions}, ${JSON.stringify(checks)}::jsonb)`);
}

const auditRow = row(
  Type.Object({
    at: Type.Number(),
    is_clean: Type.Boolean(),
    is_live: Type.Boolean(),
    actors: Type.Integer(),
    transitions: Type.Number(),
    checks: Type.Array(Type.Object({ id: Type.String(), promise: Type.String(), findings: Type.Integer() })),
  }),
);

/** The last one that was kept. Locks nothing. Index: audit_pkey. */
export function lastAudit(db: Pick<CommonQueryMethods, 'maybeOne'>) {
  return db.maybeOne(sql.type(auditRow)`
    select at, is_clean, is_live, actors, transitions::float8 as transitions, checks
    from console.audit order by id desc limit 1`);
}
