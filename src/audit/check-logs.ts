/** Replays every actor's log through the machine of its version, and follows its effects and their undos. */
import { isDeepStrictEqual } from 'node:util';
import {
  type ActorMachine,
  type ActorRow,
  type LiveState,
  type MachineStep,
  replay,
  type StateView,
  type TransitionRecord,
} from '../actors/index.ts';
import { asTransition, transitionRow } from '../persistence/actor-rows.ts';
import { actorStore } from '../persistence/actor-store.ts';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';
import { Type } from '@sinclair/typebox';
import type { Finding } from './audit.ts';
import { checkCompensation, undosOf } from './compensation.ts';

const checks = [
  { id: 'G1', promise: 'revisions are gapless, and the last is the actor’s' },
  { id: 'G2', promise: 'each transition starts where the one before ended' },
  { id: 'G3', promise: 'replaying the log through the pure machine of its version gives the stored snapshot' },
  { id: 'G4', promise: 'nothing happens after a final state' },
  { id: 'G5', promise: 'everything armed by an order that failed is undone once, in the declared order' },
] as const;

const pageSize = 200;
const idRow = row(Type.Object({ id: Type.String() }));

export async function checkLogs(db: CommonQueryMethods, machines: readonly ActorMachine[], maxFindings: number) {
  const byVersion = new Map(machines.map((machine) => [`${machine.id} ${machine.version}`, machine]));
  const findings: Finding[] = [];
  const report = (invariant: string, found: unknown): void => {
    if (findings.filter((finding) => finding.invariant === invariant).length < maxFindings)
      findings.push({ invariant, row: found });
  };
  let actors = 0;
  let transitions = 0;
  for (let after = ''; ;) {
    // Index: actor_pkey.
    const ids = await db.any(
      sql.type(idRow)`select id from actors.actor where id > ${after} order by id limit ${pageSize}`,
    );
    for (const { actor, log } of await readWhole(
      db,
      ids.map(({ id }) => id),
    )) {
      actors += 1;
      transitions += log.length;
      checkLog(actor, log, byVersion.get(`${actor.machine} ${actor.version}`), report);
    }
    const last = ids.at(-1);
    if (!last) return { checks, findings, actors, transitions };
    after = last.id;
  }
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

function checkLog(
  actor: ActorRow,
  log: readonly TransitionRecord[],
  machine: ActorMachine | undefined,
  report: Report,
): void {
  for (const [i, record] of log.entries()) {
    if (record.revision !== i + 1) report('G1', { actor: actor.id, expected: i + 1, found: record.revision });
    if (i > 0 && record.from !== log[i - 1]?.to)
      report('G2', { actor: actor.id, revision: record.revision, from: record.from, before: log[i - 1]?.to });
  }
  if (log.at(-1)?.revision !== actor.revision)
    report('G1', { actor: actor.id, actorRevision: actor.revision, lastLogged: log.at(-1)?.revision ?? null });
  if (!machine)
    return report('G3', { actor: actor.id, machine: actor.machine, version: actor.version, problem: 'not registered' });
  checkReplay(actor, log, machine, report);
  for (const problem of checkCompensation(log, undosOf(machine.config), storedView(actor, machine)))
    report('G5', { actor: actor.id, ...problem });
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

function checkReplay(actor: ActorRow, log: readonly TransitionRecord[], machine: ActorMachine, report: Report): void {
  const end = replayLog(actor, log, machine, report);
  if (!end) return;
  const of = ({ status, value, context }: ActorRow['snapshot']) => ({ status, value, context });
  if (!isDeepStrictEqual(of(end.snapshot), of(actor.snapshot)))
    report('G3', { actor: actor.id, replayed: end.snapshot.value, stored: actor.snapshot.value });
}

function replayLog(
  actor: ActorRow,
  log: readonly TransitionRecord[],
  machine: ActorMachine,
  report: Report,
): MachineStep | null {
  let state: LiveState | null = null;
  let step: MachineStep | null = null;
  for (const record of log) {
    if (step && step.snapshot.status !== 'active') {
      report('G4', { actor: actor.id, revision: record.revision, event: record.event.type, final: step.view.path });
      return null;
    }
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
