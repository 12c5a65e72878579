/** Locks actors as a step does that must be carried out, however long somebody else holds them. */
import { randomUUID } from 'node:crypto';
import type { LockedActor, StoreTransaction } from '../../src/actors/index.ts';

export async function lockAll<Tx>(tx: StoreTransaction<Tx>, ids: readonly string[]): Promise<readonly LockedActor[]> {
  const { actors } = await tx.lock(randomUUID(), { waitFor: ids, ifFree: [] });
  return actors;
}
