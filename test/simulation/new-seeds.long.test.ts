/** Five hundred runs that nobody has seen before: their seeds come from the day, or from SIMULATE_FROM. */
import { expect, it } from 'vitest';
import { keptSeeds } from './kept-seeds.ts';
import { simulate } from './simulate.ts';
import { createTally } from './tally.ts';

const dayMs = 86_400_000;
const seeds = 500;
const today = Math.floor(Date.now() / dayMs) * 1_000;
const from = Number(process.env['SIMULATE_FROM'] ?? today);

it(`seeds ${from} to ${from + seeds - 1}: all orders settle, every invariant holds, every kind of fault strikes`, async () => {
  const tally = createTally();
  const violations: string[] = [];
  for (let seed = from; seed < from + seeds; seed += 1) {
    const run = await simulate(seed);
    tally.add(run);
    violations.push(...run.violations.map((what) => `seed ${seed}: ${what}`));
  }
  expect({ violations, neverStruck: tally.neverStruck() }).toEqual({ violations: [], neverStruck: [] });
});

it('what failed once holds', async () => {
  for (const { seed, options, found } of keptSeeds)
    expect({ found, violations: (await simulate(seed, options)).violations }).toEqual({ found, violations: [] });
});
