/** The covering paths once more for each point at which the process can die: after every commit, and around every call. */
import { expect, it } from 'vitest';
import type { PathStep } from '../../../src/verifier/paths.ts';
import { type Crash, crashesOf } from './crashes.ts';
import { coverageTable, runPaths } from './run-paths.ts';
import { shippedPaths } from './shipped-paths.ts';

const lanes = 3;

/** Who goes on by itself claims in the commit that arms; only after an event from outside is the claim a commit of its own. */
const isItsOwn = ({ when, step }: Crash, steps: readonly PathStep[]): boolean =>
  when !== 'claimed' || steps[step - 1]?.delivery.type === 'event';

it('a crash at every point of every path: every log is its path, and the audit is clean', async () => {
  const { assignments, reachable } = shippedPaths('transitions', 1);
  const everyCrash = assignments.flatMap((one) =>
    crashesOf(one.path.steps, () => true)
      .filter((crash) => isItsOwn(crash, one.path.steps))
      .map((crash, index) => ({ ...one, crash, seed: one.seed * 1_000 + index })),
  );
  const run = await runPaths({ form: 'remote', redisUrls: Array<null>(lanes).fill(null), assignments: everyCrash });
  process.stdout.write(coverageTable('A crash at every point', run, reachable));
  expect(run.problems).toEqual([]);
  expect(run.counts.crashes).toBe(everyCrash.length);
});
