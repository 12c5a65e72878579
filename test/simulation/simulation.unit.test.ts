/** The runtime under the scheduler of the simulation: a few seeds beside every change; `npm run simulate` does more. */
import { describe, expect, it } from 'vitest';
import { keptSeeds } from './kept-seeds.ts';
import { simulate } from './simulate.ts';

describe('simulated runs', () => {
  it('are the same for the same seed, step by step', async () => {
    const lines: [string[], string[]] = [[], []];
    const one = await simulate(7, { onStep: (line) => void lines[0].push(line) });
    const other = await simulate(7, { onStep: (line) => void lines[1].push(line) });
    expect(other).toEqual(one);
    expect(lines[1]).toEqual(lines[0]);
    expect((await simulate(8)).fingerprint).not.toBe(one.fingerprint);
  });

  it('end with every order settled, whatever dies on the way', async () => {
    const runs = [];
    for (let seed = 1; seed <= 20; seed += 1) runs.push(await simulate(seed));
    expect(runs.flatMap(({ seed, violations }) => violations.map((what) => `${seed}: ${what}`))).toEqual([]);
  });

  it.each(keptSeeds)('seed $seed: $found', async ({ seed, options }) => {
    expect((await simulate(seed, options)).violations).toEqual([]);
  });
});
