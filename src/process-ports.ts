/** What a real process has of its own: the monotonic clock, timers, chance, ids. */
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 } from 'uuid';
import type { ProcessPorts } from './actors/index.ts';

export const processPorts: ProcessPorts = {
  monotonicMs: () => performance.now(),
  async delay(ms, signal) {
    // An abort ends the wait early; that is no failure.
    await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {});
  },
  random: Math.random,
  newId: () => v7(),
  afterTurn: (work) => void setImmediate(work),
};
