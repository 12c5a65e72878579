/** What a real process has of its own: the monotonic clock, timers, chance, ids. */
import { v7 } from 'uuid';
import type { ProcessPorts } from './actors/index.ts';

export const processPorts: ProcessPorts = {
  monotonicMs: () => performance.now(),
  // An abort ends the wait early; that is no failure, so no error is made for it (as `timers/promises` would, with its stack).
  delay: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end, { once: true });
    }),
  random: Math.random,
  newId: () => v7(),
  afterTurn: (work) => void setImmediate(work),
};
