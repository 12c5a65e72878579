/** Moves an actor in memory exactly as a commit would, and writes nothing: for exploration, what-if and previews. */
import { type Cause, interpret, type Interpretation } from './interpret.ts';
import type { ActorRow, Json } from './ports.ts';
import type { ActorMachine, LiveState, TracedStep } from './xstate/actor-machine.ts';
import { initEvent } from './xstate/events.ts';

export interface DryStep extends Interpretation {
  readonly step: TracedStep;
}

/** The commit that never happens: its id. */
const dryCommitId = '00000000-0000-0000-0000-000000000000';

/** An actor's first transition. @throws whatever the machine throws */
export function dryStart(machine: ActorMachine, id: string, input: Json, nowMs: number): DryStep {
  const step = machine.trace(null, initEvent(input));
  const blank: ActorRow = {
    id,
    machine: machine.id,
    version: machine.version,
    structureHash: machine.structureHash,
    revision: 0,
    path: step.view.path,
    snapshot: step.snapshot,
    timers: [],
    effects: [],
    parked: null,
    traceparent: null,
    startedAtMs: nowMs,
    enteredAtMs: nowMs,
  };
  return { step, ...interpret(blank, step, { event: initEvent(input) }, commitAt(nowMs)) };
}

/**
 * One more transition.
 * @param state the row's own, for who has rehydrated it already
 * @throws RehydrationError, and whatever a guard or an assign throws
 */
export function dryStep(
  machine: ActorMachine,
  row: ActorRow,
  cause: Cause,
  nowMs: number,
  state: LiveState = machine.rehydrate(row.snapshot).state,
): DryStep {
  const step = machine.trace(state, cause.event);
  return { step, ...interpret(row, step, cause, commitAt(nowMs)) };
}

const commitAt = (nowMs: number) => ({ id: dryCommitId, nowMs, redeliveryMs: 0 });
