/** The actor store, with a point after its actors are loaded and one on either side of its COMMIT. */
import type { ActorStore, Changes, StoreTransaction } from '../actors/index.ts';
import type { Pass } from './crash-points.ts';

/** A transaction that writes nothing (a wake-up too many) passes no COMMIT. */
export function storeWithPoints<Tx>(store: ActorStore<Tx>, pass: Pass): ActorStore<Tx> {
  return {
    read: (ids) => store.read(ids),
    history: (id, page) => store.history(id, page),
    async transaction(work) {
      const seen: Seen = { starts: false, writes: false };
      const result = await store.transaction(async (tx) => {
        const answer = await work(observed(tx, seen, pass));
        if (seen.writes) pass(seen.starts ? 'start.before-commit' : 'commit.before-commit');
        return answer;
      });
      if (seen.writes) pass(seen.starts ? 'start.after-commit' : 'commit.after-commit');
      return result;
    },
  };
}

interface Seen {
  starts: boolean;
  writes: boolean;
}

function observed<Tx>(tx: StoreTransaction<Tx>, seen: Seen, pass: Pass): StoreTransaction<Tx> {
  return {
    raw: tx.raw,
    async lock(commitId, asked) {
      const locked = await tx.lock(commitId, asked);
      if (locked.actors.length > 0) pass('advance.loaded');
      return locked;
    },
    insert(rows, nowMs) {
      seen.starts = true;
      return tx.insert(rows, nowMs);
    },
    async write(changes) {
      await tx.write(changes);
      seen.writes ||= writesActors(changes);
    },
    hasCommit: (commitId, ids) => tx.hasCommit(commitId, ids),
  };
}

const writesActors = ({ updates, transitions }: Changes): boolean => updates.length + transitions.length > 0;
