/** When an actor is next to be looked at: the instant in its wake row. Pure. */
import type { ActorRow, LockedActor } from './ports.ts';
import { isLeased } from './fence.ts';

/**
 * min(earliest timer, end of a live lease, one redelivery interval from now if an effect waits to be run).
 * @returns null for an actor that needs none (final or parked); Infinity if only a message or an event can move it
 */
export function wakeAt(row: ActorRow, nowMs: number, redeliveryMs: number): number | null {
  if (row.parked || row.snapshot.status !== 'active') return null;
  const timers = row.timers.map((timer) => timer.dueAtMs);
  const effects = row.effects.map((effect) =>
    // Whoever commits either goes on itself or publishes a wake-up right after; this brings it again if that is lost.
    isLeased(effect, nowMs) && effect.lease ? effect.lease.untilMs : nowMs + redeliveryMs,
  );
  return Math.min(Infinity, ...timers, ...effects);
}

/**
 * A committer that goes on itself need not move a wake row that lies ahead and comes early enough: waking once too
 * often is a cheap no-op. One that was redelivered is rewritten, so that its interval starts again.
 */
export function mustMoveWake(wake: LockedActor['wake'], target: number, nowMs: number, goesOn: boolean): boolean {
  if (!wake) return false;
  if (wake.redeliveries > 0 || wake.dueAtMs > target) return true;
  return !goesOn && wake.dueAtMs !== target ? true : wake.dueAtMs <= nowMs;
}
