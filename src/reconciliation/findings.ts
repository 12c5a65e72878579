/** The findings' SQL. A finding hangs on nothing else that is written: no caller brings a transaction of its own. */
import { type Static, Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { DatabasePool } from '../persistence/pool.ts';
import { row, sql } from '../persistence/sql.ts';
import { driftKinds, type DriftKind, type GatewayPayment, type Remedy } from './drift.ts';

export const findingStates = ['open', 'healed', 'settled', 'vanished'] as const;
export type FindingState = (typeof findingStates)[number];

const Text = Type.String();
const NullableText = Type.Union([Type.String(), Type.Null()]);
const FindingRow = Type.Object({
  id: Type.Integer(),
  kind: Type.Unsafe<DriftKind>(Type.Union(driftKinds.map((kind) => Type.Literal(kind)))),
  orderId: Text,
  ours: Type.Unknown(),
  theirs: Type.Unsafe<GatewayPayment | null>(Type.Union([Type.Object({ authorizationId: Text }), Type.Null()])),
  remedy: Type.Unsafe<Remedy>(Text),
  firstSeenAtMs: Type.Number(),
  lastSeenAtMs: Type.Number(),
  state: Type.Unsafe<FindingState>(Text),
  closedAtMs: Type.Union([Type.Number(), Type.Null()]),
  by: NullableText,
  why: NullableText,
});
/** One difference of one order. `ours` and `theirs` as they were seen last; instants in epoch milliseconds. */
export type Finding = Static<typeof FindingRow>;

const findingRow = row(FindingRow);
const countRow = row(Type.Object({ kind: Text, open: Type.Integer() }));
const newRow = row(Type.Object({ ...FindingRow.properties, isNew: Type.Boolean() }));

const columns = sql.fragment`
  id, kind, order_id as "orderId", ours, theirs, remedy, first_seen_at as "firstSeenAtMs",
  last_seen_at as "lastSeenAtMs", state, closed_at as "closedAtMs", by, why`;

export interface Seen {
  readonly orderId: string;
  readonly kind: DriftKind;
  readonly remedy: Remedy;
  readonly ours: object | null;
  readonly theirs: GatewayPayment | null;
}

/**
 * Opens a finding for each difference, or marks the open one as seen again; what a person is left with stays a person's.
 * Passed over is what somebody has closed since the books were read: they are out of date then.
 * Locks the open findings of those orders, in key order. Indexes: finding_open, finding_order.
 * @param asOfMs the store's clock before the books were read
 */
export async function recordSeen(
  pool: DatabasePool,
  seen: readonly Seen[],
  asOfMs: number,
): Promise<readonly (Finding & { readonly isNew: boolean })[]> {
  if (seen.length === 0) return [];
  const tuples = seen.map(({ orderId, kind, remedy, ours, theirs }) => [
    orderId,
    kind,
    remedy,
    ours && JSON.stringify(ours),
    theirs && JSON.stringify(theirs),
  ]);
  return pool.transaction(async (tx) => {
    // In a statement of its own: the next one then sees what those that it had to wait for have closed.
    await tx.query(sql.typeAlias('void')`
      select from reconciliation.finding
      where order_id = any(${sql.array(
        seen.map(({ orderId }) => orderId),
        'uuid',
      )}) and state = 'open' order by order_id, kind for no key update`);
    return tx.any(sql.type(newRow)`
    insert into reconciliation.finding as f (order_id, kind, remedy, ours, theirs, first_seen_at, last_seen_at)
    select order_id, kind, remedy, ours, theirs, now.at, now.at
    from ${sql.unnest(tuples, ['uuid', 'text', 'text', 'jsonb', 'jsonb'])} as t (order_id, kind, remedy, ours, theirs),
      (select actors.clock() as at) as now
    where not exists (
      select from reconciliation.finding c where c.order_id = t.order_id and c.closed_at > actors.from_ms(${asOfMs}))
    order by order_id, kind
    on conflict (order_id, kind) where state = 'open' do update set
      last_seen_at = excluded.last_seen_at, ours = excluded.ours, theirs = excluded.theirs,
      remedy = case when f.remedy = 'person' then f.remedy else excluded.remedy end
    returning ${columns}, (xmax = 0) as "isNew"`);
  });
}

/** All findings about these orders, closed ones too. Locks nothing. Index: finding_order. */
export function findingsOf(db: CommonQueryMethods, orderIds: readonly string[]): Promise<readonly Finding[]> {
  return db.any(sql.type(findingRow)`
    select ${columns} from reconciliation.finding where order_id = any(${sql.array([...orderIds], 'uuid')})`);
}

/** Newest first. Locks nothing. Index: finding_pkey, or finding_unseen for open ones. */
export function listFindings(
  db: CommonQueryMethods,
  { state, limit }: { readonly state: FindingState | null; readonly limit: number },
): Promise<readonly Finding[]> {
  const wanted = state === null ? sql.fragment`true` : sql.fragment`state = ${state}`;
  return db.any(sql.type(findingRow)`
    select ${columns} from reconciliation.finding where ${wanted} order by id desc limit ${limit}`);
}

/** The open ones that nobody has looked at since, for longest first. Locks nothing. Index: finding_unseen. */
export function unseenFindings(
  db: CommonQueryMethods,
  { sinceMs, limit }: { readonly sinceMs: number; readonly limit: number },
): Promise<readonly Finding[]> {
  return db.any(sql.type(findingRow)`
    select ${columns} from reconciliation.finding where state = 'open' and last_seen_at < actors.from_ms(${sinceMs})
    order by last_seen_at limit ${limit}`);
}

/** Of every kind, none left out. Locks nothing. Index: finding_unseen. */
export async function countOpen(db: CommonQueryMethods): Promise<Readonly<Record<DriftKind, number>>> {
  const counts = await db.any(sql.type(countRow)`
    select kind, count(*)::int4 as open from reconciliation.finding where state = 'open' group by kind`);
  const byKind = new Map(counts.map(({ kind, open }) => [kind, open]));
  return Object.fromEntries(driftKinds.map((kind) => [kind, byKind.get(kind) ?? 0])) as Record<DriftKind, number>;
}

/** Marks open findings as looked at, so that the turn of others comes. Locks them. Index: finding_pkey. */
export async function touch(db: CommonQueryMethods, ids: readonly number[]): Promise<void> {
  await db.query(sql.typeAlias('void')`
    update reconciliation.finding set last_seen_at = actors.clock()
    where id in (select id from reconciliation.finding where id = any(${sql.array([...ids], 'int4')}) and state = 'open'
      order by order_id, kind for no key update)`);
}

/** A call has been refused for good: from now on it waits for a person. Locks it. Index: finding_pkey. */
export async function leaveToPerson(db: CommonQueryMethods, id: number): Promise<void> {
  await db.query(sql.typeAlias('void')`
    update reconciliation.finding set remedy = 'person' where id = ${id} and state = 'open'`);
}

export interface Closing {
  readonly id: number;
  readonly state: Exclude<FindingState, 'open'>;
  readonly by: string;
  readonly why: string;
  /** The gateway's payment as it is known from now on; undefined: as it was seen last. */
  readonly theirs?: GatewayPayment | null;
}

/**
 * Closes a finding that is open; the first to do so is the one who did. Locks it. Index: finding_pkey.
 * @returns as it is now, or null: it was not open
 */
export function close(db: CommonQueryMethods, { id, state, by, why, theirs }: Closing): Promise<Finding | null> {
  const known = theirs === undefined ? sql.fragment`theirs` : sql.fragment`${theirs && JSON.stringify(theirs)}::jsonb`;
  return db.maybeOne(sql.type(findingRow)`
    update reconciliation.finding
    set state = ${state}, closed_at = actors.clock(), by = ${by}, why = ${why}, theirs = ${known}
    where id = ${id} and state = 'open'
    returning ${columns}`);
}

export function findFinding(db: CommonQueryMethods, id: number): Promise<Finding | null> {
  return db.maybeOne(sql.type(findingRow)`select ${columns} from reconciliation.finding where id = ${id}`);
}
