/** An actor as it was at an earlier revision, from its log: with its timers and pending effects, which no log line holds. */
import { dryStart, dryStep } from '../dry-run.ts';
import type { Cause } from '../interpret.ts';
import type { ActorRow, TransitionRecord } from '../ports.ts';
import type { ActorMachine } from '../xstate/actor-machine.ts';
import { outcomeOfEvent } from '../xstate/events.ts';
import { RehydrationError } from '../xstate/snapshots.ts';

/**
 * @param log from revision 1 on, without gaps; the actor is as it was right after the last one
 * @returns the row without leases and claims: how often an effect was called by then is not logged
 * @throws RehydrationError when the log does not replay
 */
export function rebuild(machine: ActorMachine, log: readonly TransitionRecord[]): ActorRow {
  const [first, ...later] = log;
  if (first?.revision !== 1) throw new RehydrationError('a log starts with revision 1');
  const start = dryStart(machine, first.actorId, first.event['input'] ?? null, first.atMs);
  const traceparent = first.traceparent;
  return later.reduce(
    (row, record) => {
      const { row: next } = dryStep(machine, row, causeOf(row, record), record.atMs);
      if (next.revision !== record.revision || next.path !== record.to)
        throw new RehydrationError(
          `revision ${record.revision} is logged at ${record.to}, replayed to ${next.revision} at ${next.path}`,
        );
      return next;
    },
    { ...start.row, traceparent },
  );
}

/** What the logged event settled or which timer it was, as that stood before. */
function causeOf(row: ActorRow, { event, atMs, settled: logged }: TransitionRecord): Cause {
  const outcome = outcomeOfEvent(event);
  const settled = outcome ? row.effects.find(({ invoke }) => invoke === outcome.invoke) : undefined;
  // The same event may also come from outside, before it is due.
  const timer = row.timers.find((one) => one.event.type === event.type && one.dueAtMs <= atMs);
  return {
    event,
    ...(settled ? { settled, remote: logged !== null } : {}),
    ...(timer ? { timer } : {}),
  };
}
