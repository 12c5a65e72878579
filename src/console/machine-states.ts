/** A machine's states with who stands in them now, and how the last ones fared. */
import { type Static, Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { ActorMachine } from '../actors/index.ts';
import { row, sql } from '../persistence/sql.ts';
import { unfinishedIds } from '../persistence/unfinished-actors.ts';
import type { MachineStates } from './schemas.ts';
import { type Sample, sampleStates, type StateSample } from './state-sample.ts';

type MachineStatesBody = Static<typeof MachineStates>;
type StateBody = MachineStatesBody['states'][number];

const Standing = Type.Object({
  version: Type.String(),
  state: Type.String(),
  actors: Type.Integer(),
  parked: Type.Integer(),
});
type Standing = Static<typeof Standing>;
const standingRow = row(Standing);

/** Unfinished actors by version and state. Locks nothing. Indexes: wake_pkey, actor_parked, actor_pkey. */
function standingIn(db: Pick<CommonQueryMethods, 'any'>, machine: string) {
  return db.any(sql.type(standingRow)`
    select version, state, count(*)::int4 as actors, count(parked_at)::int4 as parked
    from actors.actor where id = any(array(${unfinishedIds(null)}))
      and machine = ${machine} and status = 'active' group by version, state order by version, state`);
}

/** @param versions of the machine that are registered, oldest first; at least one */
export async function machineStates(
  db: Pick<CommonQueryMethods, 'any'>,
  id: string,
  versions: readonly ActorMachine[],
): Promise<MachineStatesBody> {
  const [standing, sample] = await Promise.all([standingIn(db, id), sampleStates(db, id)]);
  return {
    id,
    versions: versionsOf(versions, standing),
    states: statesOf(versions, standing, sample),
    sample: {
      actors: sample.actors,
      transitions: sample.transitions,
      from: sample.fromMs === null ? null : instant(sample.fromMs),
      to: sample.toMs === null ? null : instant(sample.toMs),
    },
  };
}

/** The registered ones, oldest first, behind those that only actors are on still. */
function versionsOf(registered: readonly ActorMachine[], standing: readonly Standing[]): MachineStatesBody['versions'] {
  const newest = registered.at(-1)?.version;
  const known = new Map(registered.map(({ version, structureHash }) => [version, structureHash]));
  const gone = [...new Set(standing.map(({ version }) => version))].filter((version) => !known.has(version));
  return [...gone, ...known.keys()].map((version) => ({
    version,
    structure_hash: known.get(version) ?? null,
    is_registered: known.has(version),
    is_newest: version === newest,
    unfinished: standing.filter((one) => one.version === version).reduce((sum, { actors }) => sum + actors, 0),
  }));
}

/** Every state that somebody stands in, or has been seen to leave. */
function statesOf(registered: readonly ActorMachine[], standing: readonly Standing[], sample: Sample): StateBody[] {
  const places = new Map([...standing, ...sample.states].map((one) => [`${one.version} ${one.state}`, one]));
  return [...places.values()].map(({ version, state }) => {
    const isHere = (one: { readonly version: string; readonly state: string }): boolean =>
      one.version === version && one.state === state;
    const now = standing.find(isHere);
    const machine = registered.find((one) => one.version === version);
    return {
      version,
      state,
      actors: now?.actors ?? 0,
      parked: now?.parked ?? 0,
      expected_ms: machine ? expectedMs(machine, state) : null,
      ...fared(sample.states.find(isHere)),
    };
  });
}

function fared(seen: StateSample | undefined): Pick<StateBody, 'visits' | 'dwell_ms' | 'outcomes' | 'error_rate'> {
  const outcomes = seen?.outcomes ?? { done: 0, refused: 0, failed: 0, unknown: 0 };
  const all = outcomes.done + outcomes.refused + outcomes.failed + outcomes.unknown;
  return {
    visits: seen?.visits ?? 0,
    dwell_ms: { ...(seen?.dwellMs ?? { p50: null, p95: null, max: null }) },
    outcomes: { ...outcomes },
    error_rate: all === 0 ? null : (outcomes.failed + outcomes.unknown) / all,
  };
}

/** `meta.expectedMs` of the state, or of the nearest around it that has one. */
function expectedMs({ states }: ActorMachine, path: string): number | null {
  const keys = path.split('.');
  for (let depth = keys.length; depth > 0; depth -= 1) {
    const expected = states.find((state) => state.path === keys.slice(0, depth).join('.'))?.meta['expectedMs'];
    if (typeof expected === 'number') return expected;
  }
  return null;
}

const instant = (ms: number): string => new Date(ms).toISOString();
