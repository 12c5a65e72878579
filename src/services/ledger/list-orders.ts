/** The list of orders, newest first: whatever is asked for, an index finds it. */
import { Type } from '@sinclair/typebox';
import { row, sql } from '../../persistence/sql.ts';
import { parkedIds, waitingIds } from '../../persistence/unfinished-actors.ts';
import { isFinal, type Order, type OrderStatus } from './entry.ts';
import { asOrder, orderColumns, orderRow, type Reader, shownStatus } from './queries.ts';

export interface OrderFilter {
  readonly status?: OrderStatus | undefined;
  readonly userId?: string | undefined;
  readonly productId?: string | undefined;
  /** From this instant on. */
  readonly createdFromMs?: number | undefined;
  /** Before this instant. */
  readonly createdBeforeMs?: number | undefined;
  readonly minCents?: number | undefined;
  readonly maxCents?: number | undefined;
  /** Only some of these. */
  readonly ids?: readonly string[] | undefined;
  /** Only what comes after this order in the list. */
  readonly after?: { readonly createdAtMs: number; readonly id: string } | undefined;
  readonly limit: number;
}

/**
 * Newest first. Locks nothing.
 * Indexes: entry_user for a user; ended_pkey for a status that is final, entry_pkey for the few that stand at another;
 * entry_total for amounts; else entry_created_at or item_product, whichever finds less; the rest is filtered.
 */
export async function listOrders(db: Reader, filter: OrderFilter): Promise<Order[]> {
  const { status, userId, limit } = filter;
  const isEnding = status !== undefined && isFinal(status) && userId === undefined && filter.ids === undefined;
  const standing =
    status === undefined || isFinal(status) || userId !== undefined ? null : await standingAt(db, status);
  const list = isEnding ? listed.ended(status) : listed.all;
  const conditions = [
    ...list.conditions,
    // What has ended is at that status for good: asked for again, the planner would expect few of many.
    ...conditionsOf(isEnding ? { ...filter, status: undefined } : filter),
    ...(standing === null ? [] : [sql.fragment`e.id = any(${sql.array(standing, 'uuid')})`]),
    ...placeIn(filter, list.place),
  ];
  const found = await db.any(sql.type(orderRow)`
    select ${orderColumns} from ${list.from} where ${sql.join(conditions, sql.fragment` and `)}
    order by ${list.place.createdAt} desc, ${list.place.id} desc limit ${limit}`);
  return found.map(asOrder);
}

type Fragment = ReturnType<typeof sql.fragment>;

/** Which columns the list is in the order of: those of the index that is walked. */
interface Place {
  readonly createdAt: Fragment;
  readonly id: Fragment;
}

const listed = {
  all: {
    from: sql.fragment`ledger.entry e`,
    conditions: [sql.fragment`true`],
    place: { createdAt: sql.fragment`e.created_at`, id: sql.fragment`e.id` },
  },
  ended: (status: OrderStatus) => ({
    from: sql.fragment`ledger.ended n join ledger.entry e on e.id = n.id`,
    conditions: [sql.fragment`n.status = ${status}`],
    place: { createdAt: sql.fragment`n.created_at`, id: sql.fragment`n.id` },
  }),
};

function conditionsOf({ status, userId, productId, minCents, maxCents, ids }: OrderFilter): Fragment[] {
  return [
    ...(status === undefined ? [] : [sql.fragment`${shownStatus} = ${status}`]),
    ...(userId === undefined ? [] : [sql.fragment`e.user_id = ${userId}`]),
    ...(productId === undefined
      ? []
      : [sql.fragment`exists (select from ledger.item i where i.order_id = e.id and i.product_id = ${productId})`]),
    ...(minCents === undefined ? [] : [sql.fragment`e.total_cents >= ${minCents}`]),
    ...(maxCents === undefined ? [] : [sql.fragment`e.total_cents <= ${maxCents}`]),
    ...(ids === undefined ? [] : [sql.fragment`e.id = any(${sql.array([...ids], 'uuid')})`]),
  ];
}

function placeIn({ createdFromMs, createdBeforeMs, after }: OrderFilter, { createdAt, id }: Place): Fragment[] {
  return [
    ...(createdFromMs === undefined ? [] : [sql.fragment`${createdAt} >= actors.from_ms(${createdFromMs})`]),
    ...(createdBeforeMs === undefined ? [] : [sql.fragment`${createdAt} < actors.from_ms(${createdBeforeMs})`]),
    ...(after === undefined
      ? []
      : [sql.fragment`(${createdAt}, ${id}) < (actors.from_ms(${after.createdAtMs}), ${after.id}::uuid)`]),
  ];
}

/** Where more than this are under way, those at one status are not few, and walking the newest orders finds them soon. */
const maxStanding = 20_000;
const idRow = row(Type.Object({ id: Type.String() }));

/**
 * Of the orders that have not ended, those that may be at this status, which the outbox knows.
 * @returns null: too many to name
 */
async function standingAt(db: Reader, status: OrderStatus): Promise<readonly string[] | null> {
  // One that is parked, by whomever, needs attention, and no other does.
  const candidates = status === 'NEEDS_ATTENTION' ? parkedIds : waitingIds;
  const found = await db.any(sql.type(idRow)`
    select id from (${candidates}) as candidate where id ~ ${uuidPattern} limit ${maxStanding + 1}`);
  return found.length > maxStanding ? null : found.map(({ id }) => id);
}

/** Ids of other machines' actors may look otherwise. */
const uuidPattern = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
