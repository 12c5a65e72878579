/** Takes wake-ups and advances the actors they name. A job says "look at actor X", nothing more. */
import type { ActorSystem } from '../actors/index.ts';
import { openConsumer, type QueueTarget, type WakeUpConsumer } from './backend.ts';

export interface WorkerOptions {
  readonly target: QueueTarget;
  readonly system: Pick<ActorSystem, 'advance'>;
  /** Actors in flight at a time. They share commits, so many are cheap. */
  readonly concurrency: number;
  readonly onError: (error: Error) => void;
}

export function startWorker({ target, system, concurrency, onError }: WorkerOptions): WakeUpConsumer {
  const handle = async (actorId: string): Promise<void> => {
    try {
      await system.advance(actorId);
    } catch (error) {
      // Not the job's business: the outbox brings the actor again, later and later while this goes on.
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return openConsumer(target, handle, { concurrency, onError });
}
