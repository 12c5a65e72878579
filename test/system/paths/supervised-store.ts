/** The actor store under a supervisor's eyes: it sees every commit, holds the next one up, and lets a process vanish. */
import type { ActorRow, ActorStore, Changes, StoreTransaction } from '../../../src/actors/index.ts';
import { StoreError } from '../../../src/actors/index.ts';
import type { Tx } from '../../../src/persistence/pool.ts';

/** What one transaction has committed. */
export interface Committed {
  readonly started: readonly ActorRow[];
  readonly changes: Changes;
}

export interface Supervisor {
  /** Resolves when the next transaction may begin. */
  ready(): Promise<void>;
  /** The process is gone: nothing of it reaches the store any more, and nobody there hears an answer. */
  isDead(): boolean;
  committed(committed: Committed): void;
}

export function supervisedStore(store: ActorStore<Tx>, supervisor: Supervisor): ActorStore<Tx> {
  const vanished = <T>(): Promise<T> => new Promise(() => undefined);
  return {
    read: (ids) => (supervisor.isDead() ? vanished() : store.read(ids)),
    history: (id, page) => (supervisor.isDead() ? vanished() : store.history(id, page)),
    async transaction(work) {
      await supervisor.ready();
      if (supervisor.isDead()) return vanished();
      let started: readonly ActorRow[] = [];
      let written: Changes | null = null;
      try {
        const result = await store.transaction(async (tx) => {
          const recording: StoreTransaction<Tx> = {
            ...tx,
            insert(rows, nowMs) {
              started = rows;
              return tx.insert(rows, nowMs);
            },
            write(changes) {
              written = changes;
              return tx.write(changes);
            },
          };
          const worked = await work(recording);
          // Whoever dies with a transaction open has it rolled back.
          if (supervisor.isDead()) throw new StoreError('unavailable', 'the process is gone');
          return worked;
        });
        if (written !== null) supervisor.committed({ started, changes: written });
        return supervisor.isDead() ? await vanished() : result;
      } catch (error) {
        if (supervisor.isDead()) return vanished();
        throw error;
      }
    },
  };
}
