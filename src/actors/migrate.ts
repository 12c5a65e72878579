/** Takes one actor from a version that is gone to one that runs: its next row and the log line that says so. Pure. */
import { assertSnapshotSize } from './interpret.ts';
import type { Migration, MigrationPath } from './migration.ts';
import { moveState } from './move-state.ts';
import { effectsAfter, missingIn, timersAfter } from './pending-after.ts';
import type { ActorRow, Json, StateView, TransitionRecord } from './ports.ts';
import { migratedEvent } from './logged-migration.ts';
import type { ActorMachine, MachineStep } from './xstate/actor-machine.ts';
import { activeLeaves, pathOf, pathOfStateId, valueOf } from './xstate/state-paths.ts';

export interface Migrated {
  readonly type: 'migrated';
  readonly row: ActorRow;
  readonly record: TransitionRecord;
  readonly view: StateView;
  /** Effects by name, timers by their new id (a dropped one by its old). */
  readonly effects: Fate;
  readonly timers: Fate;
}

export interface Fate {
  readonly kept: readonly string[];
  readonly begun: readonly string[];
  readonly dropped: readonly string[];
}

/** `lacks`: a state has nowhere to go. `fails`: anything else that would have to be guessed. */
export interface MigrationProblem {
  readonly type: 'lacks' | 'fails';
  readonly reason: string;
}

/**
 * Maps states, history and context along the path; then the actor is in its new states as if it had just entered them,
 * but for the effects and timers that it has already: those stay as they are, since a call may be under way.
 * @returns a problem when something would have to be guessed; then nothing may be written
 */
export function migrate(
  path: MigrationPath,
  row: ActorRow,
  commit: { readonly id: string; readonly nowMs: number },
): Migrated | MigrationProblem {
  try {
    const placement = mapped(path, row);
    const lacking = placement.states.find((state) => !path.target.states.some((known) => known.path === state));
    if (lacking !== undefined) return { type: 'lacks', reason: `${versionOf(path)} has no state ${lacking}` };
    const step = path.target.enter(placement);
    // What was just written must be readable, or the actor would be parked at its next step instead of now.
    path.target.rehydrate(step.snapshot);
    return migrated(path, row, step, commit);
  } catch (error) {
    return { type: 'fails', reason: error instanceof Error ? error.message : String(error) };
  }
}

const versionOf = ({ target }: MigrationPath): string => `${target.id} v${target.version}`;

function migrated(
  path: MigrationPath,
  row: ActorRow,
  step: MachineStep,
  commit: { readonly id: string; readonly nowMs: number },
): Migrated {
  const { target } = path;
  const revision = row.revision + 1;
  const missing = missingIn(path, row);
  const effects = effectsAfter(path, row, step, { revision, missing });
  const timers = timersAfter(path, row, step, { nowMs: commit.nowMs, missing });
  const parked = step.view.tags.includes('parked');
  if (parked && (effects.all.length > 0 || timers.all.length > 0))
    throw new Error(`${step.view.path} is tagged parked, yet waits for effects or timers`);
  assertSnapshotSize(step.snapshot);
  return {
    type: 'migrated',
    row: {
      ...row,
      version: target.version,
      structureHash: target.structureHash,
      revision,
      path: step.view.path,
      snapshot: step.snapshot,
      timers: timers.all,
      effects: effects.all,
      parked: parked ? { by: 'machine', reason: step.view.path } : null,
      enteredAtMs: step.view.path === row.path ? row.enteredAtMs : commit.nowMs,
    },
    record: {
      actorId: row.id,
      revision,
      event: migratedEvent({ from: row.version, to: target.version, snapshot: step.snapshot }),
      from: row.path,
      to: step.view.path,
      armed: effects.armed.map(({ id, src }) => ({ id, src })),
      settled: null,
      commitId: commit.id,
      atMs: commit.nowMs,
      traceparent: row.traceparent,
    },
    view: step.view,
    effects: effects.fate,
    timers: timers.fate,
  };
}

function mapped(path: MigrationPath, row: ActorRow): Parameters<ActorMachine['enter']>[0] {
  const { steps, target } = path;
  let states = activeLeaves(row.snapshot.value);
  let { context } = row.snapshot;
  let history: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    Object.entries(row.snapshot.historyValue ?? {}).map(([id, remembered]) => [
      stateOf(target.id, id),
      remembered.map((state) => stateOf(target.id, state)),
    ]),
  );
  let at = row.path;
  for (const migration of steps) {
    context = migration.context?.(asRecord(context), at) ?? context;
    const moved = states.map((state) => moveState(migration.states, state)).filter((state) => state !== null);
    if (moved.length === 0 && states.length > 0) throw new Error(`no state of ${at} is left`);
    states = [...new Set(moved)];
    history = mappedHistory(migration, history);
    at = pathOf(valueOf(states));
  }
  return { states, context, history };
}

function mappedHistory(
  migration: Migration,
  history: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  const table = { ...migration.states, ...migration.history };
  const entries = Object.entries(history).flatMap(([state, remembered]) => {
    const to = moveState(table, state);
    const kept = remembered.map((one) => moveState(table, one)).filter((one) => one !== null);
    return to === null || kept.length === 0 ? [] : [[to, kept] as const];
  });
  return Object.fromEntries(entries);
}

function stateOf(machineId: string, id: string): string {
  const path = pathOfStateId(machineId, id);
  if (path === null) throw new Error(`the state ${id} has an id of its own, which cannot be mapped`);
  return path;
}

function asRecord(context: Json): { readonly [key: string]: Json } {
  if (typeof context === 'object' && context !== null && !Array.isArray(context))
    return context as { readonly [key: string]: Json };
  throw new Error('the stored context is no object');
}
