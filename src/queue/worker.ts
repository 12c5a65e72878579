/** Takes wake-ups and advances the actors they name. A job says "look at actor X", nothing more. */
import { openConsumer, type QueueTarget, type WakeUpConsumer } from './backend.ts';

export interface WorkerOptions {
  readonly target: QueueTarget;
  /** What a wake-up sets going. @param traceparent as the wake-up carried it */
  readonly jobs: { advance(actorId: string, traceparent: string | null): Promise<unknown> };
  /** Actors in flight at a time. They share commits, so many are cheap. */
  readonly concurrency: number;
  /** Brings wake-ups again that were taken, but not followed when the worker was closed. */
  readonly giveBack: (actorIds: readonly string[]) => Promise<unknown>;
  readonly onError: (error: Error) => void;
}

export function startWorker({ target, jobs, concurrency, giveBack, onError }: WorkerOptions): WakeUpConsumer {
  const handle = async (actorId: string, traceparent: string | null): Promise<void> => {
    try {
      await jobs.advance(actorId, traceparent);
    } catch (error) {
      // Not the job's business: the outbox brings the actor again, later and later while this goes on.
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return openConsumer(target, handle, { concurrency, giveBack, onError });
}
