/** Finds the unfinished actors without looking through the finished ones, of which there are a thousand times as many. */
import { sql } from './sql.ts';

/** Ids of all that something is still to happen to by itself. Index: wake_pkey. */
export const waitingIds = sql.fragment`select actor_id as id from actors.wake`;

/** Ids of all that wait for a person. Index: actor_parked. */
export const parkedIds = sql.fragment`select id from actors.actor where parked_at is not null`;

/**
 * Ids of all that may be unfinished: those with a wake row, and the parked ones (O1: there are no others). Compare
 * by an array of them, `= any(array(…))`: joined, the planner reads all actors. Indexes: wake_pkey, actor_parked.
 * @param page only the first `limit` of each kind behind `after`, in the order of ids
 */
export function unfinishedIds(page: { readonly after: string; readonly limit: number } | null) {
  if (page === null) return sql.fragment`${waitingIds} union ${parkedIds}`;
  const { after, limit } = page;
  return sql.fragment`
    (select actor_id as id from actors.wake where actor_id > ${after} order by actor_id limit ${limit})
    union (select id from actors.actor where parked_at is not null and id > ${after} order by id limit ${limit})`;
}
