/** What goes with an actor that ended long ago. */
import type { Dropped } from '../persistence/ended-actors.ts';
import type { DatabasePool } from '../persistence/pool.ts';
import { type Retention, retention } from '../persistence/retention.ts';
import { processPorts } from '../process-ports.ts';
import { markHistoryDropped } from '../services/ledger/drop-history.ts';
import { deleteLetters } from '../services/notices/queries.ts';

/** Drops actors that ended long ago; with that of an order its notice, and the entry in the ledger says so. */
export function createRetention(
  pool: DatabasePool,
  databaseUrl: string,
  onDropped?: (dropped: Dropped) => void,
): Retention {
  const { monotonicMs, delay } = processPorts;
  return retention({
    pool,
    databaseUrl,
    async alongside(tx, actors) {
      const orderIds = actors.filter(({ machine }) => machine === 'order').map(({ id }) => id);
      await markHistoryDropped(tx, orderIds);
      return { notices: await deleteLetters(tx, orderIds) };
    },
    monotonicMs,
    delay,
    ...(onDropped ? { onDropped } : {}),
  });
}
