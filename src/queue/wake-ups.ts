/** Publishes wake-ups, and keeps the queue shallow: beyond a bound nothing is published, by anybody. */
import type { WakeUps } from '../actors/index.ts';
import type { WakeUpQueue } from './backend.ts';

export interface WakeUpOptions {
  /** Jobs that may wait in the queue; the rest of the backlog stays in the outbox, where it is safe. */
  readonly maxWaiting: number;
  readonly monotonicMs: () => number;
  readonly onError: (error: Error) => void;
}

/** The depth is asked for this often at most; in between, what this process published is added to it. */
const depthAgeMs = 200;
/** Jobs per round trip. */
const maxBulk = 200;

export function wakeUps(queue: WakeUpQueue, options: WakeUpOptions): WakeUps {
  let depth = 0;
  let readAtMs = -Infinity;

  const room = async (): Promise<number> => {
    try {
      if (options.monotonicMs() - readAtMs > depthAgeMs) {
        readAtMs = options.monotonicMs();
        depth = await queue.waiting();
      }
      return Math.max(0, options.maxWaiting - depth);
    } catch (error) {
      options.onError(toError(error));
      return 0;
    }
  };

  return {
    room,
    async publish(actorIds) {
      if ((await room()) === 0) return false;
      try {
        for (let from = 0; from < actorIds.length; from += maxBulk)
          await queue.add(actorIds.slice(from, from + maxBulk));
        depth += actorIds.length;
        return true;
      } catch (error) {
        options.onError(toError(error));
        return false;
      }
    },
  };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
