/** The ledger's part of dropping the saga of an order that ended long ago: the entry stays, and says so. */
import type { Tx } from '../../persistence/pool.ts';
import { sql } from '../../persistence/sql.ts';

/**
 * Locks the entries in key order. Index: entry_pkey; no indexed column changes, so the update is HOT.
 * @throws when one of the orders has not ended, by the ledger: then nothing of the batch may be dropped
 */
export async function markHistoryDropped(tx: Tx, orderIds: readonly string[]): Promise<void> {
  if (orderIds.length === 0) return;
  await tx.query(sql.typeAlias('void')`
    update ledger.entry e set history_dropped_at = actors.clock()
    from (
      select id from ledger.entry where id = any(${sql.array([...orderIds], 'uuid')}) order by id for no key update
    ) as t where e.id = t.id`);
}
