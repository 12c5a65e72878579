/** What would become of every unfinished actor if this build were deployed: migrations are tried on copies, nothing is written. */
import type { CommonQueryMethods } from 'slonik';
import {
  type ActorMachine,
  type ActorRow,
  type Fate,
  migrate,
  type Migration,
  migrationPaths,
  versionGate,
  type Versions,
} from '../actors/index.ts';
import { actorRow, asActor } from '../persistence/actor-rows.ts';
import { storeClock } from '../persistence/operations.ts';
import { sql } from '../persistence/sql.ts';
import { unfinishedIds } from '../persistence/unfinished-actors.ts';

/** `stays`: registered. `migrates`: every one of the group can. `lacks`: nothing here can move it. `fails`: tried, and some cannot. */
export type VersionVerdict = 'stays' | 'migrates' | 'lacks' | 'fails';

/** The unfinished actors of one version in one state. */
export interface VersionGroup {
  readonly machine: string;
  readonly version: string;
  readonly structureHash: string;
  readonly state: string;
  readonly actors: number;
  readonly verdict: VersionVerdict;
  readonly problems: readonly Problem[];
  /** The version that its migration leads to. */
  readonly to: string | null;
  /** By the state that they get to. */
  readonly states: Readonly<Record<string, number>>;
  /** How many effects and timers would be kept, begun and dropped, by name. */
  readonly effects: Tally;
  readonly timers: Tally;
}

export interface Problem {
  readonly reason: string;
  readonly actors: number;
  /** The first of them. */
  readonly ids: readonly string[];
}

export type Tally = { readonly [F in keyof Fate]: Readonly<Record<string, number>> };

export interface VersionReport {
  readonly clean: boolean;
  readonly groups: readonly VersionGroup[];
  readonly actors: Readonly<Record<VersionVerdict, number>>;
}

const pageSize = 500;
const maxIds = 5;
/** Per group. A mapping's own errors may name what differs from actor to actor. */
const maxReasons = 10;

/** Reads the unfinished ones by pages: on a system at work, each actor as it is when its page is read. */
export async function checkVersions(
  db: CommonQueryMethods,
  { machines, migrations }: { readonly machines: readonly ActorMachine[]; readonly migrations: readonly Migration[] },
): Promise<VersionReport> {
  const nowMs = await storeClock(db);
  const registered = new Map(machines.map((machine) => [`${machine.id} ${machine.version}`, machine]));
  const versions: Versions = {
    machineOf: (machine, version) => registered.get(`${machine} ${version}`) ?? null,
    migrationOf: migrationPaths(machines, migrations),
  };
  const groups = new Map<string, Group>();
  const actors = { stays: 0, migrates: 0, lacks: 0, fails: 0 };
  for (let after = ''; ;) {
    const page = await readPage(db, after);
    for (const actor of page) {
      const trial = tryOn(actor, versions, nowMs);
      actors[trial.type] += 1;
      count(groupOf(groups, actor), actor.id, trial);
    }
    const last = page.at(-1);
    if (!last) break;
    after = last.id;
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  return { clean: actors.lacks + actors.fails === 0, groups: sorted, actors };
}

/** Indexes: wake_pkey, actor_parked, actor_pkey. */
async function readPage(db: CommonQueryMethods, after: string): Promise<ActorRow[]> {
  const found = await db.any(sql.type(actorRow)`
    select id, machine, version, structure_hash, revision, status, snapshot, timers, effects, parked_by, park_reason,
      traceparent, actors.to_ms(created_at) as started_ms, actors.to_ms(coalesce(entered_at, updated_at)) as entered_ms
    from actors.actor where id = any(array(${unfinishedIds({ after, limit: pageSize })}))
      and status = 'active' order by id limit ${pageSize}`);
  return found.map(asActor);
}

type Trial =
  | { readonly type: 'stays' }
  | { readonly type: 'lacks' | 'fails'; readonly reason: string; readonly to: string | null }
  | {
      readonly type: 'migrates';
      readonly to: string;
      readonly state: string;
      readonly effects: Fate;
      readonly timers: Fate;
    };

function tryOn(actor: ActorRow, versions: Versions, nowMs: number): Trial {
  const gate = versionGate(actor, versions);
  if (gate.type === 'runs') return { type: 'stays' };
  if (gate.type === 'lacks') return { ...gate, to: null };
  const to = gate.path.target.version;
  const tried = migrate(gate.path, actor, { id: '', nowMs });
  if (tried.type !== 'migrated') return { ...tried, to };
  return { type: 'migrates', to, state: tried.row.path, effects: tried.effects, timers: tried.timers };
}

type Counts = Record<string, number>;
type MutableTally = { [F in keyof Fate]: Counts };

interface Group extends VersionGroup {
  actors: number;
  verdict: VersionVerdict;
  problems: { reason: string; actors: number; ids: string[] }[];
  to: string | null;
  states: Counts;
  effects: MutableTally;
  timers: MutableTally;
}

/** Groups are as few as versions and states. */
function groupOf(groups: Map<string, Group>, { machine, version, structureHash, path }: ActorRow): Group {
  const key = JSON.stringify([machine, version, structureHash, path]);
  const known = groups.get(key);
  if (known) return known;
  const tally = (): MutableTally => ({ kept: {}, begun: {}, dropped: {} });
  const group: Group = {
    machine,
    version,
    structureHash,
    state: path,
    actors: 0,
    verdict: 'stays',
    problems: [],
    to: null,
    states: {},
    effects: tally(),
    timers: tally(),
  };
  groups.set(key, group);
  return group;
}

/** The worst of its actors is a group's verdict. */
const severity: readonly VersionVerdict[] = ['stays', 'migrates', 'lacks', 'fails'];

function count(group: Group, id: string, trial: Trial): void {
  group.actors += 1;
  if (severity.indexOf(trial.type) > severity.indexOf(group.verdict)) group.verdict = trial.type;
  switch (trial.type) {
    case 'stays':
      return;
    case 'migrates':
      group.to = trial.to;
      add(group.states, [trial.state]);
      for (const fate of ['kept', 'begun', 'dropped'] as const) {
        add(group.effects[fate], trial.effects[fate]);
        add(group.timers[fate], trial.timers[fate]);
      }
      return;
    case 'lacks':
    case 'fails':
      group.to = trial.to;
      blame(group, id, trial.reason);
  }
}

function add(counts: Counts, names: readonly string[]): void {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
}

function blame(group: Group, id: string, reason: string): void {
  const known = group.problems.find((problem) => problem.reason === reason);
  const isFull = group.problems.length === maxReasons;
  const fresh = { reason: isFull ? 'other reasons' : reason, actors: 0, ids: [] };
  const problem = known ?? group.problems[maxReasons] ?? fresh;
  if (problem.actors === 0) group.problems.push(problem);
  problem.actors += 1;
  if (problem.ids.length < maxIds) problem.ids.push(id);
}
