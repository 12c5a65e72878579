/** Runs seeds from 1 until the named invariant does not hold; prints the seed and what it said as one line of JSON. */
import { simulate } from './simulate.ts';

const [seeds, letter] = [Number(process.argv[2]), process.argv[3] ?? ''];
let found: { readonly seed: number; readonly violation: string } | null = null;
for (let seed = 1; seed <= seeds && found === null; seed += 1) {
  const { violations } = await simulate(seed);
  const violation = violations.find((what) => what.startsWith(`${letter}: `));
  if (violation !== undefined) found = { seed, violation };
}
process.stdout.write(`${JSON.stringify(found)}\n`);
