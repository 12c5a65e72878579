/** Replays every actor's log through the machine of its version, and follows its effects and their undos. */
import { isDeepStrictEqual } from 'node:util';
import {
  type ActorMachine,
  type ActorRow,
  type FindMigration,
  type LiveState,
  type Migration,
  migrationPaths,
  type MachineStep,
  replay,
  type StateView,
  type TransitionRecord,
  undosOf,
  versionsOf,
} from '../actors/index.ts';
import { asTransition, transitionRow } from '../persistence/actor-rows.ts';
import { actorStore } from '../persistence/actor-store.ts';
import type { CommonQueryMethods } from 'slonik';
import { sql } from '../persistence/sql.ts';
import { actorPages } from './actor-pages.ts';
import type { Finding } from './audit.ts';
import { checkCompensation, type SagaUndos } from './compensation.ts';

const checks = [
  { id: 'G1', promise: 'revisions are gapless, and the last is the actor’s' },
  { id: 'G2', promise: 'each transition starts where the one before ended' },
  { id: 'G3', promise: 'replaying the log through the pure machine of its version gives the stored snapshot' },
  { id: 'G4', promise: 'nothing happens after a final state' },
  { id: 'G5', promise: 'everything armed by an order that failed is undone once, in the declared order' },
] as const;

export interface LogsToCheck {
  readonly machines: readonly ActorMachine[];
  readonly migrations: readonly Migration[];
  /** Of each invariant. */
  readonly maxFindings: number;
  /** Only logs of actors that have ended since then, or not at all. Default: every one. */
  readonly sinceMs?: number | null;
  /** Told after every page how many actors have been replayed. */
  readonly onActors?: (actors: number) => void;
}

export async function checkLogs(
  db: CommonQueryMethods,
  { machines, migrations, maxFindings, sinceMs = null, onActors }: LogsToCheck,
) {
  const byVersion = new Map(machines.map((machine) => [`${machine.id} ${machine.version}`, machine]));
  const migrationOf = migrationPaths(machines, migrations);
  const findings: Finding[] = [];
  const report = (invariant: string, found: unknown): void => {
    if (findings.filter((finding) => finding.invariant === invariant).length < maxFindings)
      findings.push({ invariant, row: found });
  };
  let actors = 0;
  let transitions = 0;
  let ofGoneVersions = 0;
  for await (const ids of actorPages(db, sinceMs)) {
    for (const { actor, log } of await readWhole(db, ids)) {
      actors += 1;
      transitions += log.length;
      const machineOf = (version: string) => byVersion.get(`${actor.machine} ${version}`);
      checkOrder(actor, log, report);
      const machine = machineOf(actor.version);
      if (machine) checkBehaviour(actor, log, machine, machineOf, report);
      else {
        ofGoneVersions += 1;
        checkFuture(actor, migrationOf, report);
      }
    }
    onActors?.(actors);
  }
  return { checks, findings, actors, transitions, ofGoneVersions };
}

interface Whole {
  readonly actor: ActorRow;
  readonly log: readonly TransitionRecord[];
}

/** Actors at work may move between the reads: those are read once more. */
async function readWhole(db: CommonQueryMethods, ids: readonly string[]): Promise<Whole[]> {
  const store = actorStore(db);
  const whole: Whole[] = [];
  for (let pending = ids; pending.length > 0;) {
    const before = await store.read(pending);
    const logs = Map.groupBy(await readLogs(db, pending), ({ actorId }) => actorId);
    const after = new Map((await store.read(pending)).map((actor) => [actor.id, actor.revision]));
    const still = before.filter((actor) => after.get(actor.id) === actor.revision);
    whole.push(...still.map((actor) => ({ actor, log: logs.get(actor.id) ?? [] })));
    const done = new Set(still.map(({ id }) => id));
    pending = before.map(({ id }) => id).filter((id) => !done.has(id));
  }
  return whole;
}

/** Index: transition_pkey. */
async function readLogs(db: CommonQueryMethods, ids: readonly string[]): Promise<TransitionRecord[]> {
  const found = await db.any(sql.type(transitionRow)`
    select actor_id, revision, event, from_state, to_state, armed, settled_effect, settled_token, commit_id,
      actors.to_ms(at) as at_ms, traceparent
    from actors.transition where actor_id = any(${sql.array([...ids], 'text')}) order by actor_id, revision`);
  return found.map(asTransition);
}

type Report = (invariant: string, found: unknown) => void;
type MachineOf = (version: string) => ActorMachine | undefined;

function checkOrder(actor: ActorRow, log: readonly TransitionRecord[], report: Report): void {
  for (const [i, record] of log.entries()) {
    if (record.revision !== i + 1) report('G1', { actor: actor.id, expected: i + 1, found: record.revision });
    if (i > 0 && record.from !== log[i - 1]?.to)
      report('G2', { actor: actor.id, revision: record.revision, from: record.from, before: log[i - 1]?.to });
  }
  if (log.at(-1)?.revision !== actor.revision)
    report('G1', { actor: actor.id, actorRevision: actor.revision, lastLogged: log.at(-1)?.revision ?? null });
}

/** An actor of a version that is gone cannot be replayed: it must have ended, or be about to be migrated. */
function checkFuture({ id: actor, machine, version, snapshot }: ActorRow, find: FindMigration, report: Report): void {
  if (snapshot.status === 'active' && !find(machine, version))
    report('G3', { actor, machine, version, problem: 'not registered, and no migration leads out of it' });
}

function checkBehaviour(
  actor: ActorRow,
  log: readonly TransitionRecord[],
  machine: ActorMachine,
  machineOf: MachineOf,
  report: Report,
): void {
  const versions = versionsOf(log, actor.version);
  checkReplay(actor, log, versions, machineOf, report);
  const undos = undosAlong(versions.map(machineOf));
  for (const problem of checkCompensation(log, undos, storedView(actor, machine)))
    report('G5', { actor: actor.id, ...problem });
}

/** A saga that was migrated owes what each of its versions declared; where they differ, the newest decides. */
function undosAlong(machines: readonly (ActorMachine | undefined)[]): SagaUndos {
  const declared = [...new Set(machines)].filter((machine) => machine !== undefined).map(undosOf);
  return {
    byEffect: new Map(declared.flatMap(({ byEffect }) => [...byEffect])),
    invokes: new Map(declared.flatMap(({ invokes }) => [...invokes])),
  };
}

/** By the snapshot as stored, so that a log that does not replay is looked through all the same. */
function storedView(actor: ActorRow, machine: ActorMachine): StateView | null {
  try {
    return machine.rehydrate(actor.snapshot).view;
  } catch {
    // A snapshot that does not fit is what G3 reports.
    return null;
  }
}

function checkReplay(
  actor: ActorRow,
  log: readonly TransitionRecord[],
  versions: readonly string[],
  machineOf: MachineOf,
  report: Report,
): void {
  const end = replayLog(actor, log, versions, machineOf, report);
  if (!end) return;
  const of = ({ status, value, context }: ActorRow['snapshot']) => ({ status, value, context });
  if (!isDeepStrictEqual(of(end.snapshot), of(actor.snapshot)))
    report('G3', { actor: actor.id, replayed: end.snapshot.value, stored: actor.snapshot.value });
}

/** What was written by a version that is gone is passed over, up to the migration that led out of it. */
function replayLog(
  actor: ActorRow,
  log: readonly TransitionRecord[],
  versions: readonly string[],
  machineOf: MachineOf,
  report: Report,
): MachineStep | null {
  let state: LiveState | null = null;
  let step: MachineStep | null = null;
  for (const [i, record] of log.entries()) {
    if (step && step.snapshot.status !== 'active') {
      report('G4', { actor: actor.id, revision: record.revision, event: record.event.type, final: step.view.path });
      return null;
    }
    const machine = machineOf(versions[i] ?? '');
    if (!machine) continue;
    try {
      step = replay(machine, state, record.event);
      state = step.state;
    } catch (error) {
      report('G3', {
        actor: actor.id,
        revision: record.revision,
        problem: error instanceof Error ? error.message : String(error),
      });
      return null;
    }
    if (step.view.path !== record.to) {
      report('G3', { actor: actor.id, revision: record.revision, replayed: step.view.path, logged: record.to });
      return null;
    }
  }
  return step;
}
