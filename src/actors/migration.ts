/** What takes the actors of one version of a machine to the next, declared; and which migrations lead where. */
import type { Json } from './ports.ts';
import type { ActorMachine } from './xstate/actor-machine.ts';

/** From one version of a machine to another. It must be pure: it is tried on copies, and again if its commit is redone. */
export interface Migration {
  /** The machine's id. */
  readonly machine: string;
  readonly from: string;
  readonly to: string;
  /**
   * Old state → new state, by path. A path stands for all states in it, unless a longer one is listed too; what is not
   * listed keeps its path. `null`: this region of a parallel state is no more. Timers of a state move with it, and so does
   * what history states remember.
   */
  readonly states?: Readonly<Record<string, string | null>>;
  /**
   * The same for history states and what they remember alone, where that has to differ from `states`. `null`: forgotten.
   */
  readonly history?: Readonly<Record<string, string | null>>;
  /**
   * The new context.
   * @param path where the old version had the actor: `a.b`, or `(a)|(b)` for a parallel state
   */
  context?(context: { readonly [key: string]: Json }, path: string): Json;
  /**
   * Remote effects that may be dropped although they may have been called: whatever they did is made good in another way.
   */
  readonly drops?: readonly string[];
  /**
   * Effects, by name, and timers, by delay, of states in which the actor stays, and which it has not got: one that is new is
   * to `begin`, one that was settled or has fired is to be left. The row cannot tell which it is, so without an entry the
   * actor is not migrated. What belongs to other states, those that `states` moves it to, begins without being asked.
   */
  readonly missing?: Readonly<Record<string, 'begin' | 'leave'>>;
}

/** The migrations from a version that is not registered to the first one that is. */
export interface MigrationPath {
  readonly steps: readonly Migration[];
  readonly target: ActorMachine;
}

export type FindMigration = (machine: string, version: string) => MigrationPath | null;

/**
 * @returns which way leads on from a version; null while it is registered, since its actors stay on it, and without a way
 * @throws when two migrations start at one version, when they lead in a circle, or to nothing that is registered
 */
export function migrationPaths(
  machines: readonly ActorMachine[],
  migrations: readonly Migration[] = [],
): FindMigration {
  const registered = new Map(machines.map((machine) => [keyOf(machine.id, machine.version), machine]));
  const next = new Map<string, Migration>();
  for (const migration of migrations) {
    const key = keyOf(migration.machine, migration.from);
    if (next.has(key)) throw new Error(`two migrations start at ${nameOf(migration, 'from')}`);
    next.set(key, migration);
  }
  for (const migration of migrations) assertLeadsOn(migration, next, registered);
  return (machine, version) => {
    if (registered.has(keyOf(machine, version))) return null;
    const steps: Migration[] = [];
    for (let at = next.get(keyOf(machine, version)); at; at = next.get(keyOf(machine, at.to))) {
      steps.push(at);
      const target = registered.get(keyOf(machine, at.to));
      if (target) return { steps, target };
    }
    return null;
  };
}

function assertLeadsOn(
  start: Migration,
  next: ReadonlyMap<string, Migration>,
  registered: ReadonlyMap<string, ActorMachine>,
): void {
  const seen = new Set([start.from]);
  for (let at = start; ;) {
    if (seen.has(at.to)) throw new Error(`the migrations of ${nameOf(start, 'from')} lead in a circle`);
    seen.add(at.to);
    const further = next.get(keyOf(at.machine, at.to));
    if (!further && !registered.has(keyOf(at.machine, at.to)))
      throw new Error(`a migration leads to ${nameOf(at, 'to')}, which is not registered`);
    if (!further) return;
    at = further;
  }
}

const keyOf = (machine: string, version: string): string => `${machine} ${version}`;
const nameOf = (migration: Migration, end: 'from' | 'to'): string => `${migration.machine} v${migration[end]}`;
