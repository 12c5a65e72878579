/** Replays every actor's log through the machine of its version, and follows its effects and their undos. */
import { isDeepStrictEqual } from 'node:util';
import {
  type ActorMachine,
  type ActorRow,
  type LiveState,
  type MachineStep,
  replay,
  type TransitionRecord,
} from '../actors/index.ts';
import { actorStore } from '../persistence/actor-store.ts';
import type { DatabasePool } from '../persistence/pool.ts';
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
const maxTransitions = 100_000;
const idRow = row(Type.Object({ id: Type.String() }));

export async function checkLogs(pool: DatabasePool, machines: readonly ActorMachine[], maxFindings: number) {
  const byVersion = new Map(machines.map((machine) => [`${machine.id} ${machine.version}`, machine]));
  const store = actorStore(pool);
  const findings: Finding[] = [];
  const report = (invariant: string, found: unknown): void => {
    if (findings.filter((finding) => finding.invariant === invariant).length < maxFindings)
      findings.push({ invariant, row: found });
  };
  let actors = 0;
  let transitions = 0;
  for (let after = ''; ;) {
    // Index: actor_pkey.
    const ids = await pool.any(
      sql.type(idRow)`select id from actors.actor where id > ${after} order by id limit ${pageSize}`,
    );
    for (const { id } of ids) {
      const { actor, log } = await readWhole(store, id);
      const machine = byVersion.get(`${actor.machine} ${actor.version}`);
      actors += 1;
      transitions += log.length;
      checkLog(actor, log, machine, report);
    }
    const last = ids.at(-1);
    if (!last) return { checks, findings, actors, transitions };
    after = last.id;
  }
}

/** An actor at work may move between the two reads: then once more. */
async function readWhole(
  store: ReturnType<typeof actorStore>,
  id: string,
): Promise<{ actor: ActorRow; log: readonly TransitionRecord[] }> {
  for (;;) {
    const [actor] = await store.read([id]);
    if (!actor) throw new Error(`the actor ${id} is gone`);
    const log = await store.history(id, { afterRevision: 0, limit: maxTransitions });
    const [again] = await store.read([id]);
    if (again?.revision === actor.revision) return { actor, log };
  }
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
  const end = replayLog(actor, log, machine, report);
  if (!end) return;
  const { status, value, context } = end.snapshot;
  if (
    !isDeepStrictEqual(
      { status, value, context },
      { status: actor.snapshot.status, value: actor.snapshot.value, context: actor.snapshot.context },
    )
  )
    report('G3', { actor: actor.id, replayed: value, stored: actor.snapshot.value });
  for (const problem of checkCompensation(log, undosOf(machine.config), end.view))
    report('G5', { actor: actor.id, ...problem });
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
