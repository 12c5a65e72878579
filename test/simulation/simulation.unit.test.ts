/** The runtime under the scheduler of the simulation: a few seeds beside every change; `npm run simulate` does more. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { keptSeeds } from './kept-seeds.ts';
import { runSeeds } from './run-seeds.ts';
import { type Run, simulate } from './simulate.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

async function traceOf(seed: number): Promise<{ readonly run: Run; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const run = await simulate(seed, { onStep: (line) => void lines.push(line) });
  return { run, lines };
}

describe('simulated runs', () => {
  it('are the same for the same seed, step by step', async () => {
    const one = await traceOf(7);
    expect(await traceOf(7)).toEqual(one);
    expect((await simulate(8)).fingerprint).not.toBe(one.run.fingerprint);
  });

  it('are the same in another process, whatever ran before', async () => {
    const { lines } = await traceOf(7);
    const args = [main, '--from', '7', '--seeds', '1', '--trace'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
    expect(stdout.split('\n').slice(0, lines.length)).toEqual(lines);
  }, 60_000);

  it('are the same on several threads', async () => {
    const resultsOf = async (jobs: number): Promise<readonly Run[]> => {
      const runs: Run[] = [];
      const range = { from: 30, seeds: 5, orders: 12, seconds: Infinity };
      expect(await runSeeds(range, jobs, (run) => void runs.push(run))).toBeNull();
      return runs.sort((a, b) => a.seed - b.seed);
    };
    expect(await resultsOf(2)).toEqual(await resultsOf(1));
  }, 60_000);

  it('end with every order settled, whatever dies on the way', async () => {
    const runs = [];
    for (let seed = 1; seed <= 20; seed += 1) runs.push(await simulate(seed));
    expect(runs.flatMap(({ seed, violations }) => violations.map((what) => `${seed}: ${what}`))).toEqual([]);
  });

  it.each(keptSeeds)('seed $seed: $found', async ({ seed, options }) => {
    expect((await simulate(seed, options)).violations).toEqual([]);
  });
});
