/** Actors without a store, for what reads them: moved in memory, with a log and a commit feed that may keep silent. */
import {
  type ActorEvent,
  type ActorMachine,
  type ActorRow,
  type ActorSystem,
  type ActorView,
  dryStart,
  dryStep,
  type TransitionRecord,
} from '../../src/actors/index.ts';

export interface ToldActors {
  readonly system: Pick<ActorSystem, 'read' | 'history' | 'machines'>;
  readonly feed: { onAny(listener: (actorIds: readonly string[]) => void): () => void };
  start(machine: string, id: string): void;
  /** Moves an actor; `notice`: what the feed says of it, the actor's id unless told otherwise. */
  move(id: string, event: ActorEvent, notice?: readonly string[]): void;
  /** What is stored is what a test wants, not what its machine made. */
  rewrite(id: string, change: (stored: StoredActor) => StoredActor): void;
  log(id: string): readonly TransitionRecord[];
  /** How many subscribe to the feed. */
  listeners(): number;
}

interface StoredActor {
  readonly row: ActorRow;
  readonly log: readonly TransitionRecord[];
}

/** @param machines those that the reader has; actors may be of any version of `running`, by default the same */
export function toldActors(machines: readonly ActorMachine[], running = machines): ToldActors {
  const actors = new Map<string, StoredActor>();
  const listeners = new Set<(ids: readonly string[]) => void>();
  let nowMs = 0;
  const stored = (id: string): StoredActor => {
    const actor = actors.get(id);
    if (!actor) throw new Error(`no actor ${id}`);
    return actor;
  };
  const machineOf = (id: string): ActorMachine => {
    const machine = running.findLast((one) => one.id === id);
    if (!machine) throw new Error(`no machine ${id}`);
    return machine;
  };
  const tell = (ids: readonly string[]): void => {
    if (ids.length > 0) for (const listener of listeners) listener(ids);
  };
  return {
    system: {
      machines,
      read: (id) => Promise.resolve(viewOf(actors.get(id)?.row, machines)),
      history: (id, { afterRevision = 0, limit = 100 } = {}) =>
        Promise.resolve((actors.get(id)?.log ?? []).slice(afterRevision, afterRevision + limit)),
    },
    feed: {
      onAny(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    start(machine, id) {
      const { row, record } = dryStart(machineOf(machine), id, { id }, ++nowMs);
      actors.set(id, { row, log: [record] });
      tell([id]);
    },
    move(id, event, notice = [id]) {
      const { row, log } = stored(id);
      const next = dryStep(machineOf(row.machine), row, { event }, ++nowMs);
      actors.set(id, { row: next.row, log: [...log, next.record] });
      tell(notice);
    },
    rewrite: (id, change) => void actors.set(id, change(stored(id))),
    log: (id) => stored(id).log,
    listeners: () => listeners.size,
  };
}

function viewOf(row: ActorRow | undefined, machines: readonly ActorMachine[]): ActorView | null {
  if (!row) return null;
  const machine = machines.find(({ id, version }) => id === row.machine && version === row.version);
  return { ...row, state: machine ? machine.rehydrate(row.snapshot).view : null, accepts: [] };
}
