/** What one process has of its own, under the test's control: a monotonic clock that stands still, chance, ids. */
import { randomUUID } from 'node:crypto';
import type { ProcessPorts } from '../../src/actors/index.ts';

export interface VirtualProcess extends ProcessPorts {
  /** Lets monotonic time pass: delays that end in it resolve, earliest first. */
  pass(ms: number): void;
  /** How many delays are waited for. */
  waiting(): number;
}

export function virtualProcess(seed = 1): VirtualProcess {
  let nowMs = 0;
  const sleepers = new Set<{ readonly endsAtMs: number; readonly wake: () => void }>();
  const random = seeded(seed);
  return {
    monotonicMs: () => nowMs,
    random,
    newId: randomUUID,
    afterTurn: (work) => void setImmediate(work),
    waiting: () => sleepers.size,
    delay(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          endsAtMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      });
    },
    pass(ms) {
      nowMs += ms;
      const over = [...sleepers].filter(({ endsAtMs }) => endsAtMs <= nowMs);
      for (const { wake } of over.sort((a, b) => a.endsAtMs - b.endsAtMs)) wake();
    },
  };
}

/** Uniform in [0, 1), the same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
