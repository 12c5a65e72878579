/** What a stack takes that has nothing to do: processor time of each process, in percent of a core. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimeMs } from '../engines/cpu-time.ts';
import { round } from '../figures.ts';
import type { BenchStack } from './stack.ts';

/** By then start-up is over, and the relay has seen that there is nothing; a shorter look is not worth a longer wait. */
const settledAfterMs = 30_000;

export async function idle({ processes }: BenchStack, seconds: number) {
  await sleep(Math.min(settledAfterMs, seconds * 1_000));
  const before = await timesOf(processes);
  const startedAtMs = performance.now();
  await sleep(seconds * 1_000);
  const after = await timesOf(processes);
  const percent = 100 / (performance.now() - startedAtMs);
  const used = Object.entries(after).map(([name, ms]) => [name, (ms - (before[name] ?? 0)) * percent] as const);
  return {
    percentOfACore: Object.fromEntries(used.map(([name, share]) => [name, round(share)])),
    percentOfACoreAll: round(used.reduce((sum, [, share]) => sum + share, 0)),
  };
}

async function timesOf(processes: BenchStack['processes']): Promise<Readonly<Record<string, number>>> {
  const times = Object.entries(processes).map(async ([name, pid]) => [name, (await cpuTimeMs([pid])) ?? 0] as const);
  return Object.fromEntries(await Promise.all(times));
}
