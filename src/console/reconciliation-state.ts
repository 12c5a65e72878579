/** How reconciliation is doing, by its own records. Reads only. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';

type Reader = Pick<CommonQueryMethods, 'any'>;

const openRow = row(Type.Object({ kind: Type.String(), findings: Type.Integer() }));
const searchRow = row(
  Type.Object({
    name: Type.String(),
    turns: Type.Integer(),
    next_at: Type.Union([Type.Number(), Type.Null()]),
  }),
);

/** Open findings by kind. Locks nothing. Index: finding_unseen. */
export function openFindings(db: Reader) {
  return db.any(sql.type(openRow)`
    select kind, count(*)::int4 as findings from reconciliation.finding where state = 'open' group by kind order by kind`);
}

/** Each search, and when its next turn begins; null: it never had one. Locks nothing; there are four rows. */
export function searches(db: Reader) {
  return db.any(sql.type(searchRow)`
    select name, token as turns, case when isfinite(next_at) then next_at end as next_at
    from reconciliation.search order by name`);
}
