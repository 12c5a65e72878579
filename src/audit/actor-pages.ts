/** Walks the ids of the actors whose logs are to be replayed, by pages that an index serves: memory stays bounded. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';
import { unfinishedIds } from '../persistence/unfinished-actors.ts';

/** Some thousand transitions. */
const pageSize = 200;
const idRow = row(Type.Object({ id: Type.String() }));
const endRow = row(Type.Object({ id: Type.String(), at: Type.String() }));

/**
 * @param sinceMs only actors that have ended since then, or not at all; null: every one. Each page is a statement of its
 * own: on a system at work, an actor that ends meanwhile may come twice
 */
export async function* actorPages(db: CommonQueryMethods, sinceMs: number | null): AsyncGenerator<readonly string[]> {
  if (sinceMs === null) yield* pagesById((after) => pageOfAll(db, after));
  else {
    // In this order: who ends after the first walk has passed is found by the second.
    yield* pagesById((after) => pageOfUnfinished(db, after));
    yield* pagesByEnd(db, sinceMs);
  }
}

async function* pagesById(read: (after: string) => Promise<readonly string[]>): AsyncGenerator<readonly string[]> {
  for (let after = ''; ;) {
    const ids = await read(after);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
}

/** Index: actor_pkey. */
async function pageOfAll(db: CommonQueryMethods, after: string): Promise<readonly string[]> {
  const found = await db.any(sql.type(idRow)`
    select id from actors.actor where id > ${after} order by id limit ${pageSize}`);
  return found.map(({ id }) => id);
}

/** Indexes: wake_pkey, actor_parked. */
async function pageOfUnfinished(db: CommonQueryMethods, after: string): Promise<readonly string[]> {
  const found = await db.any(sql.type(idRow)`
    select id from (${unfinishedIds({ after, limit: pageSize })}) u order by id limit ${pageSize}`);
  return found.map(({ id }) => id);
}

/** Index: ended_pkey. The instant as text: a number of milliseconds would lose the rest. */
async function* pagesByEnd(db: CommonQueryMethods, sinceMs: number): AsyncGenerator<readonly string[]> {
  let from = sql.fragment`at >= actors.from_ms(${sinceMs})`;
  for (;;) {
    const found = await db.any(sql.type(endRow)`
      select actor_id as id, at::text as at from actors.ended where ${from}
      order by actors.ended.at, actor_id limit ${pageSize}`);
    const last = found.at(-1);
    if (last === undefined) return;
    yield found.map(({ id }) => id);
    from = sql.fragment`(at, actor_id) > (${last.at}::timestamptz, ${last.id})`;
  }
}
