/** Runs many seeds, one after the other or on several threads at once, and adds up what they went through. */
import { Worker } from 'node:worker_threads';
import { type Run, simulate } from './simulate.ts';
import type { Told } from './seeds-thread.ts';

export interface Seeds {
  readonly from: number;
  readonly seeds: number;
  readonly orders: number;
  /** No run begins later than this; Infinity: all do. */
  readonly seconds: number;
}

/** The seeds of one of several threads: every `every`th. */
export interface Share extends Seeds {
  readonly every: number;
}

/**
 * Each run is told as it ends, in any order if there are several threads.
 * @param jobs threads
 * @returns the failing run with the lowest seed: those above it may not have run; null: none fails
 */
export async function runSeeds(seeds: Seeds, jobs: number, onRun: (run: Run) => void): Promise<Run | null> {
  if (jobs === 1) return runShare({ ...seeds, every: 1 }, onRun);
  const threads: Worker[] = [];
  let lowest: Run | null = null;
  const tell = (run: Run): void => {
    if (run.violations.length > 0 && run.seed < (lowest?.seed ?? Infinity)) {
      lowest = run;
      // Lower ones that are still to run may fail too; the one named does not depend on who was faster.
      for (const thread of threads) thread.postMessage({ below: run.seed } satisfies Told, []);
    }
    onRun(run);
  };
  const shares = Array.from({ length: jobs }, (_, i): Share => ({ ...seeds, from: seeds.from + i, every: jobs }));
  await Promise.all(
    shares.map((share) => runThread({ ...share, seeds: seeds.seeds - (share.from - seeds.from) }, threads, tell)),
  );
  return lowest;
}

/** @param below asked before each run: seeds from this one on need not run */
export async function runShare(
  { from, seeds, every, orders, seconds }: Share,
  onRun: (run: Run) => void,
  below: () => number = () => Infinity,
): Promise<Run | null> {
  const begunMs = performance.now();
  for (let seed = from; seed < Math.min(from + seeds, below()); seed += every) {
    if (performance.now() - begunMs > seconds * 1_000) return null;
    const run = await simulate(seed, { orders });
    onRun(run);
    if (run.violations.length > 0) return run;
  }
  return null;
}

function runThread(share: Share, threads: Worker[], onRun: (run: Run) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('seeds-thread.ts', import.meta.url), { workerData: share });
    threads.push(thread);
    thread.on('message', onRun);
    thread.on('error', reject);
    thread.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread of seeds ended with ${code}`))));
  });
}
