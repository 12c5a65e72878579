/** Locks actors as a step does that must be carried out, however long somebody else holds them. */
import type { LockedActor, StoreTransaction } from '../../src/actors/index.ts';

export async function lockAll<Tx>(tx: StoreTransaction<Tx>, ids: readonly string[]): Promise<readonly LockedActor[]> {
  const { actors } = await tx.lock({ waitFor: ids, ifFree: [] });
  return actors;
}
