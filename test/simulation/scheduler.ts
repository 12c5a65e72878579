/**
 * Decides what happens next. Whatever a process does outside itself is parked here; one seed picks which goes on, moves
 * virtual time when nothing can, and never resumes what belongs to a process that died. The same seed, the same run.
 */
import { seeded } from '../support/virtual-process.ts';

/** Somebody who waits: a process from its start to its death, or the world around. */
export interface Owner {
  readonly name: string;
  isAlive: boolean;
  /** It does nothing before this instant: a pause that it does not notice itself. */
  pausedUntilMs: number;
}

interface Parked {
  readonly owner: Owner;
  readonly label: string;
  readyAtMs: number;
  readonly go: () => Promise<void> | void;
}

export interface Scheduler {
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly chance: (probability: number) => boolean;
  /** A whole number from 0 to `n` - 1. */
  readonly below: (n: number) => number;
  /** Does `work` when its turn comes, not before `inMs` have passed; its answer reaches the owner only if it still lives. */
  park<T>(owner: Owner, label: string, work: () => T | Promise<T>, inMs?: number): Promise<T>;
  sleep(owner: Owner, ms: number, signal?: AbortSignal): Promise<void>;
  /** Does `work` once nothing that was resumed goes on by itself any more. */
  afterTurn(work: () => void): void;
  /** Never resumes anything of this owner again. */
  kill(owner: Owner): void;
  /** One step. @returns false when nobody waits for anything any more */
  step(): Promise<boolean>;
  readonly steps: () => number;
  /** Changes with every choice: two runs that are the same have the same. */
  readonly fingerprint: () => string;
}

/** @param onStep told of every step, for a trace */
export function createScheduler(seed: number, onStep: (line: string) => void = () => {}): Scheduler {
  const random = seeded(seed);
  let parked: Parked[] = [];
  let put: (() => void)[] = [];
  let nowMs = 0;
  let isQuiet = false;
  let hasFailed = false;
  let steps = 0;
  let hash = 2_166_136_261;
  const note = (line: string): void => {
    onStep(line);
    for (let i = 0; i < line.length; i += 1) hash = Math.imul(hash ^ line.charCodeAt(i), 16_777_619);
  };
  const below = (n: number): number => Math.floor(random() * n);
  const wakesAtMs = ({ owner, readyAtMs }: Parked): number => Math.max(readyAtMs, owner.pausedUntilMs);

  /** @returns one that is ready, or else when the first will be */
  const take = (): Parked | number => {
    let ready = 0;
    let nextMs = Infinity;
    for (const one of parked) {
      const atMs = wakesAtMs(one);
      if (atMs <= nowMs) ready += 1;
      else if (atMs < nextMs) nextMs = atMs;
    }
    let left = below(ready);
    for (const [at, one] of parked.entries()) {
      if (wakesAtMs(one) > nowMs) continue;
      if (left === 0) {
        parked.splice(at, 1);
        return one;
      }
      left -= 1;
    }
    return nextMs;
  };

  /** Until whatever was resumed has come to its next question. */
  const quiet = async (): Promise<void> => {
    await (hasFailed ? turn() : settled());
    while (put.length > 0) {
      const due = put;
      put = [];
      for (const work of due) {
        work();
        await settled();
      }
    }
    isQuiet = true;
    hasFailed = false;
  };

  return {
    nowMs: () => nowMs,
    random,
    chance: (probability) => random() < probability,
    below,
    park(owner, label, work, inMs = 0) {
      return new Promise((resolve, reject) => {
        // What a dead process still asks for was never asked.
        if (!owner.isAlive) return;
        const go = async (): Promise<void> => {
          try {
            const answer = await work();
            if (owner.isAlive) resolve(answer);
          } catch (error) {
            hasFailed = true;
            if (owner.isAlive) reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        parked.push({ owner, label, readyAtMs: nowMs + inMs, go });
      });
    },
    sleep(owner, ms, signal) {
      return new Promise((resolve) => {
        if (!owner.isAlive) return;
        if (signal?.aborted) return resolve();
        const sleeper: Parked = { owner, label: 'wakes', readyAtMs: nowMs + ms, go: resolve };
        parked.push(sleeper);
        const onAbort = (): void => {
          const at = parked.indexOf(sleeper);
          if (at < 0) return;
          parked.splice(at, 1);
          resolve();
        };
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    afterTurn: (work) => void put.push(work),
    kill(owner) {
      owner.isAlive = false;
      parked = parked.filter((one) => one.owner !== owner);
    },
    async step() {
      // While only time moves nothing goes on.
      if (!isQuiet) await quiet();
      const chosen = take();
      if (typeof chosen === 'number') {
        if (chosen === Infinity) return false;
        nowMs = chosen;
        return true;
      }
      steps += 1;
      note(`${nowMs} ${chosen.owner.name}: ${chosen.label}`);
      isQuiet = false;
      await chosen.go();
      return true;
    },
    steps: () => steps,
    fingerprint: () => (hash >>> 0).toString(16).padStart(8, '0'),
  };
}

/** Until no promise goes on by itself: Node comes to its ticks when there is none left. Far cheaper than a turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}

/** A whole turn of the event loop: a rejection that nobody handles ends the process here, as it would a real one. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
