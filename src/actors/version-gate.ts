/** Whether an actor may be moved here, by its version: by the runtime, and by whoever asks before a deployment. Pure. */
import type { FindMigration, MigrationPath } from './migration.ts';
import type { ActorRow } from './ports.ts';
import type { ActorMachine } from './xstate/actor-machine.ts';

export type VersionGate =
  /** Its version is here, with its structure. */
  | { readonly type: 'runs'; readonly machine: ActorMachine }
  /** Its version is gone, and a way leads on from it. */
  | { readonly type: 'migrates'; readonly path: MigrationPath }
  /** Nothing here can move it: it is left to others. */
  | { readonly type: 'lacks'; readonly reason: string };

export interface Versions {
  readonly machineOf: (machine: string, version: string) => ActorMachine | null;
  readonly migrationOf: FindMigration;
}

export function versionGate(
  { machine: id, version, structureHash }: Pick<ActorRow, 'machine' | 'version' | 'structureHash'>,
  { machineOf, migrationOf }: Versions,
): VersionGate {
  const machine = machineOf(id, version);
  if (machine?.structureHash === structureHash) return { type: 'runs', machine };
  if (machine) return { type: 'lacks', reason: `v${version} has another structure here` };
  const path = migrationOf(id, version);
  if (path) return { type: 'migrates', path };
  return { type: 'lacks', reason: 'not registered, and no migration leads on' };
}
