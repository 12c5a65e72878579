/**
 * The relay: claims due rows of the outbox, commits, and only then publishes their wake-ups. A job that is lost is
 * simply published again, so there is no separate sweeper.
 */
import type { Outbox, WakeUps } from '../actors/index.ts';

export interface RelayOptions {
  readonly outbox: Outbox;
  readonly wakeUps: WakeUps;
  /** How far a claimed row moves on: doubled per redelivery, up to `maxRedeliveryMs`. */
  readonly redeliveryMs: number;
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly onError: (error: Error) => void;
  readonly onClaimed?: (claimed: number) => void;
}

/** The longest that a lost wake-up can take to come again. */
const maxRedeliveryMs = 30_000;
/** Rows of each kind per claim. */
const maxClaim = 500;
/** How long the relay sleeps at most, unless all is idle: a row that became due meanwhile (another process wrote it) waits that long. */
const maxSleepMs = 250;
/** Where nobody was under way for so long, it sleeps longer: to look is most of what an idle system does. */
const idleAfterMs = 10_000;
const idleSleepMs = 1_000;
/** How long it sleeps at least, so that a clock that has just not got there is no busy loop. */
const minSleepMs = 5;
const faultSleepMs = 500;

export interface Relay {
  /** @returns how long nothing will be due, in ms */
  runOnce(): Promise<number>;
  /** Until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export function relay(options: RelayOptions): Relay {
  let idleMs = 0;
  const runOnce = async (): Promise<number> => {
    const room = await options.wakeUps.room();
    if (room === 0) return maxSleepMs;
    const claimed = await options.outbox.claimDue({
      limit: Math.min(maxClaim, room),
      redeliveryMs: options.redeliveryMs,
      maxRedeliveryMs: Math.max(maxRedeliveryMs, options.redeliveryMs),
    });
    // Whoever is under way has a wake row that is due within a redelivery.
    if (claimed.actorIds.length > 0 || claimed.nextDueInMs <= options.redeliveryMs) idleMs = 0;
    if (claimed.actorIds.length > 0) {
      await options.wakeUps.publish(claimed.actorIds);
      options.onClaimed?.(claimed.actorIds.length);
    }
    return claimed.nextDueInMs;
  };
  return {
    runOnce,
    async run(signal) {
      while (!signal.aborted) {
        let sleepMs = faultSleepMs;
        try {
          const dueInMs = await runOnce();
          const longestMs = idleMs < idleAfterMs ? maxSleepMs : idleSleepMs;
          sleepMs = Math.min(longestMs, Math.max(minSleepMs, dueInMs));
        } catch (error) {
          options.onError(error instanceof Error ? error : new Error(String(error)));
        }
        await options.delay(sleepMs, signal);
        idleMs += sleepMs;
      }
    },
  };
}
