/** Publishes wake-ups, and keeps the queue shallow: beyond a bound nothing is published, by anybody. */
import type { WakeUps } from '../actors/index.ts';
import type { WakeUpQueue } from './backend.ts';

export interface WakeUpOptions {
  /** Wake-ups that may wait in the queue; the rest of the backlog stays in the outbox, where it is safe. */
  readonly maxWaiting: number;
  readonly monotonicMs: () => number;
  readonly onError: (error: Error) => void;
  /** For wake-ups to carry where they come from; null: they carry nothing. */
  readonly tracing?: WakeUpTracing | null;
}

/** Spans around publication, if somebody makes traces. */
export interface WakeUpTracing {
  publishing(actorIds: readonly string[]): Promise<{
    /** What each wake-up carries, by actor. */
    readonly traceparents: ReadonlyMap<string, string>;
    end(published: boolean): void;
  }>;
}

/** Wake-ups out, and how many of them nobody has taken yet. */
export interface PublishedWakeUps extends WakeUps {
  /** As last looked up, which may be a moment ago; null while the queue is away. */
  backlog(): number | null;
}

/** The depth is asked for this often at most; in between, what this process published is added to it. */
const depthAgeMs = 200;
/** Wake-ups per round trip. */
const maxBulk = 200;

export function wakeUps(queue: WakeUpQueue, options: WakeUpOptions): PublishedWakeUps {
  let depth = 0;
  let isAway = false;
  let readAtMs = -Infinity;
  let looking: Promise<void> | null = null;

  const look = async (): Promise<void> => {
    readAtMs = options.monotonicMs();
    try {
      depth = await queue.waiting();
      isAway = false;
    } catch (error) {
      // Full until it is asked again, or every commit would try a queue that is away.
      depth = options.maxWaiting;
      isAway = true;
      options.onError(toError(error));
    } finally {
      looking = null;
    }
  };

  const lookAgain = (): void => {
    if (!looking && options.monotonicMs() - readAtMs > depthAgeMs) looking = look();
  };

  const room = async (): Promise<number> => {
    lookAgain();
    // Whoever comes while somebody looks waits for the answer, or all of them would fill a queue that is full.
    await looking;
    return Math.max(0, options.maxWaiting - depth);
  };

  const add = async (actorIds: readonly string[], traceparents?: ReadonlyMap<string, string>): Promise<boolean> => {
    try {
      for (let from = 0; from < actorIds.length; from += maxBulk)
        await queue.add(actorIds.slice(from, from + maxBulk), traceparents);
      depth += actorIds.length;
      return true;
    } catch (error) {
      options.onError(toError(error));
      return false;
    }
  };

  return {
    room,
    isFull() {
      lookAgain();
      return depth >= options.maxWaiting;
    },
    backlog() {
      // Whoever asks goes on with what is known; the next one gets what is found now.
      lookAgain();
      return isAway ? null : depth;
    },
    async publish(actorIds) {
      if ((await room()) === 0) return false;
      if (!options.tracing) return add(actorIds);
      const publication = await options.tracing.publishing(actorIds).catch((error: unknown) => {
        // It is the wake-up that counts.
        options.onError(toError(error));
        return null;
      });
      const published = await add(actorIds, publication?.traceparents);
      publication?.end(published);
      return published;
    },
  };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
