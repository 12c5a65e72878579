/** An actor's log with what only a replay tells: the context after each transition, and what it changed. Pure. */
import {
  type ActorMachine,
  type Json,
  jsonDifference,
  type JsonChange,
  type LiveState,
  migrationOfEvent,
  replay,
  type TransitionRecord,
  versionsOf,
} from '../actors/index.ts';

export interface ReplayedTransition {
  readonly record: TransitionRecord;
  /** Of its machine, after it. */
  readonly version: string;
  /** Null where no registered version replays it. */
  readonly machine: ActorMachine | null;
  readonly context: Json;
  readonly changes: readonly JsonChange[];
}

/**
 * @param log from revision 1 on, without gaps
 * @param version after the last of them
 * @returns one entry per line; from the first that does not replay on without context, as far as a migration does not
 * begin anew
 */
export function replayLog(
  machines: readonly ActorMachine[],
  machineId: string,
  log: readonly TransitionRecord[],
  version: string,
): readonly ReplayedTransition[] {
  const versions = versionsOf(log, version);
  let state: LiveState | null = null;
  let before: Json = null;
  return log.map((record, i) => {
    const of = versions[i] ?? version;
    const machine = machines.find((one) => one.id === machineId && one.version === of) ?? null;
    const isFirst = record.revision === 1;
    const next: ReturnType<typeof replay> | null =
      machine && tryReplay(machine, isFirst ? null : state, record, isFirst);
    state = next?.state ?? null;
    const context: Json = next?.snapshot.context ?? null;
    const changes = next ? jsonDifference(before ?? {}, context) : [];
    before = context;
    return { record, version: of, machine, context, changes };
  });
}

/** @returns null: this version does not replay it, which the audit finds (G3); the log is shown all the same */
function tryReplay(machine: ActorMachine, state: LiveState | null, record: TransitionRecord, isFirst: boolean) {
  const goesOn = state !== null || isFirst || migrationOfEvent(record.event) !== null;
  if (!goesOn) return null;
  try {
    const step = replay(machine, state, record.event);
    return step.view.path === record.to ? step : null;
  } catch {
    return null;
  }
}
