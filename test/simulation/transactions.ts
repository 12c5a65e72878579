/** Transactions of one process when their turn comes: all of one at once, then COMMIT, which may be lost, or its answer. */
import { StoreError } from '../../src/actors/index.ts';
import { checkCommit } from './check-commit.ts';
import { MemoryTx } from './memory-database.ts';
import type { Transact } from './memory-store.ts';
import type { Surroundings } from './process.ts';
import type { Owner } from './scheduler.ts';

const workMs = 4;
const lateMs = 4_000;

export function transactionsOf(owner: Owner, around: Surroundings): Transact {
  const { scheduler, faults } = around;
  return async (label, work) => {
    const inMs = scheduler.below(workMs);
    const result = await scheduler.park(owner, label, () => transaction(owner, around, work), inMs);
    if (faults.strikes('answer to COMMIT late', 0.005)) await scheduler.sleep(owner, scheduler.below(lateMs));
    return result;
  };
}

async function transaction<R>(owner: Owner, around: Surroundings, work: (tx: MemoryTx) => Promise<R>): Promise<R> {
  const { scheduler, faults, tables, violated, kill } = around;
  if (faults.strikes('store away', 0.01)) throw new StoreError('unavailable', 'no connection');
  const tx = new MemoryTx(tables, scheduler.nowMs());
  let result: R;
  try {
    result = await work(tx);
  } catch (error) {
    tx.rollback();
    throw error;
  }
  if (faults.strikes('killed before COMMIT', 0.004)) {
    tx.rollback();
    kill(owner);
    return result;
  }
  if (faults.strikes('COMMIT lost', 0.01)) {
    tx.rollback();
    throw new StoreError('unavailable', 'the connection broke', { commitUnknown: true });
  }
  checkCommit(tx, violated);
  around.committed();
  if (faults.strikes('killed after COMMIT', 0.004)) kill(owner);
  if (faults.strikes('answer to COMMIT lost', 0.02))
    throw new StoreError('unavailable', 'the connection broke', { commitUnknown: true });
  return result;
}
