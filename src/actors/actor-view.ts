/** An actor as `read` shows it: the stored row, with what its machine says of the state. Pure. */
import { migrate } from './migrate.ts';
import type { MigrationPath } from './migration.ts';
import type { ActorRow, StateView } from './ports.ts';
import type { ActorMachine } from './xstate/actor-machine.ts';

export interface ActorView extends ActorRow {
  readonly state: StateView | null;
  /** Event types of its own that it would accept now. */
  readonly accepts: readonly string[];
}

export function actorView(row: ActorRow, machine: ActorMachine | null): ActorView {
  if (!machine || machine.structureHash !== row.structureHash) return { ...row, state: null, accepts: [] };
  try {
    const { state, view } = machine.rehydrate(row.snapshot);
    return { ...row, state: view, accepts: row.parked?.by === 'runtime' ? [] : machine.acceptedEvents(state) };
  } catch {
    // A poisoned snapshot is shown as it is stored; that it does not fit is what parked it.
    return { ...row, state: null, accepts: [] };
  }
}

/** An actor whose version is gone, as it will be once it is next moved; at the revision that is stored. */
export function migratedView(row: ActorRow, path: MigrationPath, nowMs: number): ActorView {
  const migrated = migrate(path, row, { id: '', nowMs });
  if (migrated.type !== 'migrated') return actorView(row, null);
  const parked = row.parked?.by === 'runtime' ? row.parked : migrated.row.parked;
  return actorView({ ...migrated.row, revision: row.revision, parked }, path.target);
}
