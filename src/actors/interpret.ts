/** Turns one machine step into what is stored: the actor's next row, its log line, and the messages it sends. Pure. */
import type {
  ActorEvent,
  ActorRow,
  NewMessage,
  PendingEffect,
  PersistedSnapshot,
  Timer,
  TransitionRecord,
} from './ports.ts';
import { atSpan, traceAfter, transitionSpanId } from './trace-context.ts';
import type { MachineAction } from './xstate/actions.ts';
import type { MachineStep } from './xstate/actor-machine.ts';

export interface Interpretation {
  readonly row: ActorRow;
  readonly record: TransitionRecord;
  readonly messages: readonly NewMessage[];
}

/** How the event came to the actor, since that is settled by the very step it causes. */
export interface Cause {
  readonly event: ActorEvent;
  /** The effect whose outcome the event is. */
  readonly settled?: PendingEffect;
  readonly remote?: boolean;
  /** The timer whose event it is. */
  readonly timer?: Timer;
}

/** A snapshot beyond this is a design mistake of the machine, and would slow every transition of its actor. */
export const maxSnapshotBytes = 256 * 1024;

/**
 * @param before the actor as locked; a new one has revision 0
 * @throws when the snapshot is too large, or a timer's delay is not a finite number
 */
export function interpret(
  before: ActorRow,
  step: MachineStep,
  cause: Cause,
  commit: { readonly id: string; readonly nowMs: number; readonly redeliveryMs: number },
): Interpretation {
  const revision = before.revision + 1;
  const ended = step.snapshot.status !== 'active';
  const traceparent = traceAfter(before, commit.nowMs);
  const { effects, timers, armed, messages } = applyActions({ ...before, traceparent }, step, cause, revision, commit);
  const parked = step.view.tags.includes('parked') && !ended;
  const row: ActorRow = {
    id: before.id,
    machine: before.machine,
    version: before.version,
    structureHash: before.structureHash,
    traceparent,
    startedAtMs: before.startedAtMs,
    enteredAtMs: step.view.path === before.path ? before.enteredAtMs : commit.nowMs,
    revision,
    path: step.view.path,
    snapshot: step.snapshot,
    timers: ended ? [] : timers,
    effects: ended ? [] : effects,
    parked: parked ? { by: 'machine', reason: step.view.path } : null,
  };
  assertSnapshotSize(row.snapshot);
  return {
    row,
    messages,
    record: {
      actorId: before.id,
      revision,
      event: cause.event,
      from: before.revision === 0 ? null : before.path,
      to: step.view.path,
      armed: armed.map(({ id, src }) => ({ id, src })),
      settled: cause.settled && cause.remote ? { effectId: cause.settled.id, token: cause.settled.token } : null,
      commitId: commit.id,
      atMs: commit.nowMs,
      traceparent,
    },
  };
}

/** In XState's order: exits cancel before entries arm. */
function applyActions(
  before: ActorRow,
  step: MachineStep,
  cause: Cause,
  revision: number,
  commit: { readonly nowMs: number; readonly redeliveryMs: number },
) {
  const armed = new Map<string, PendingEffect>();
  const timers = new Map(before.timers.map((timer) => [timer.id, timer]));
  if (cause.timer) timers.delete(cause.timer.id);
  const messages: NewMessage[] = [];
  for (const action of step.actions) {
    switch (action.type) {
      case 'arm':
        armed.set(action.invoke, armedEffect(action, revision));
        break;
      case 'disarm':
        armed.delete(action.invoke);
        break;
      case 'setTimer':
        timers.delete(action.id);
        timers.set(action.id, timerSet(action, commit.nowMs));
        break;
      case 'cancelTimer':
        timers.delete(action.id);
        break;
      case 'tell':
        messages.push({
          senderId: before.id,
          targetId: action.id,
          targetMachine: action.machine,
          event: action.event,
          deliverAtMs: commit.nowMs,
          dueAtMs: commit.nowMs + commit.redeliveryMs,
          // What comes of the message hangs on the transition that sent it.
          traceparent: before.traceparent && atSpan(before.traceparent, transitionSpanId(before.id, revision)),
        });
        break;
    }
  }
  const kept = before.effects.filter(
    (effect) =>
      effect.id !== cause.settled?.id && !armed.has(effect.invoke) && step.invokes.get(effect.invoke) === effect.src,
  );
  return { effects: [...kept, ...armed.values()], timers: [...timers.values()], armed: [...armed.values()], messages };
}

export function assertSnapshotSize(snapshot: PersistedSnapshot): void {
  const bytes = Buffer.byteLength(JSON.stringify(snapshot));
  if (bytes > maxSnapshotBytes) throw new Error(`the snapshot has ${bytes} bytes, more than ${maxSnapshotBytes}`);
}

/** @throws when the delay is not a finite number */
export function timerSet({ id, event, delayMs }: MachineAction & { readonly type: 'setTimer' }, nowMs: number): Timer {
  if (!Number.isFinite(delayMs)) throw new Error(`the delay of ${id} is ${delayMs}`);
  return { id, event, dueAtMs: nowMs + Math.max(0, Math.ceil(delayMs)) };
}

export function armedEffect(action: MachineAction & { readonly type: 'arm' }, revision: number): PendingEffect {
  return {
    id: `${action.invoke}@${revision}`,
    invoke: action.invoke,
    src: action.src,
    input: action.input,
    timeoutMs: action.timeoutMs,
    claims: 0,
    token: 0,
    lease: null,
    notNowSinceMs: null,
  };
}
