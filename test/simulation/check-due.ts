/** Nothing stays due for long while workers live (O2): neither a row of the outbox nor the work of an actor. */
import type { ActorRow } from '../../src/actors/index.ts';
import type { Violated } from './check-commit.ts';
import type { Tables } from './memory-database.ts';

/** How long a row of the outbox may wait for a relay. */
const maxWaitMs = 30_000;

export function checkOutbox({ wakes, messages }: Tables, nowMs: number, violated: Violated): void {
  for (const [id, { dueAtMs }] of wakes)
    if (dueAtMs < nowMs - maxWaitMs) violated(`O2: the wake row of ${id} is due since ${nowMs - dueAtMs} ms`);
  for (const { id, targetId, dueAtMs } of messages.values())
    if (dueAtMs < nowMs - maxWaitMs) violated(`O2: message ${id} to ${targetId} is due since ${nowMs - dueAtMs} ms`);
}

/** The longest that work may lie when all is well: a wake-up was lost before, and comes again after 30 s and a little. */
export const maxLieMs = 35_000;

/** @param nowMs at least `maxLieMs` after the last fault */
export function checkWork({ actors, messages, log }: Tables, nowMs: number, violated: Violated): void {
  for (const actor of actors.values()) {
    const sinceMs = dueSinceMs(actor, log.get(actor.id)?.at(-1)?.atMs ?? 0);
    if (sinceMs < nowMs - maxLieMs) violated(`O2: ${actor.id} in ${actor.path} has work since ${nowMs - sinceMs} ms`);
  }
  for (const { id, targetId, deliverAtMs } of messages.values())
    if (deliverAtMs < nowMs - maxLieMs)
      violated(`O2: message ${id} to ${targetId} lies since ${nowMs - deliverAtMs} ms`);
}

function dueSinceMs({ timers, effects, parked }: ActorRow, movedAtMs: number): number {
  if (parked?.by === 'runtime') return Infinity;
  const leases = effects.map(({ lease }) => lease?.untilMs ?? movedAtMs);
  return Math.min(Infinity, ...timers.map(({ dueAtMs }) => dueAtMs), ...leases);
}
