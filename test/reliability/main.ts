/**
 * `npm run reliability -- --plan short|full`: runs chaos and the simulation as planned, one after the other, keeps what they
 * show, and writes the table in docs/reliability.md. Without a plan it writes the table alone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { withSection } from '../support/generated-page.ts';
import { faultsTable, section } from './faults-table.ts';
import { readKeptRuns } from './kept-runs.ts';

/** `full` takes hours on two cores. */
const plans = {
  none: [],
  short: ['simulate -- --seeds 500', 'chaos -- --profile short', 'chaos -- --profile short --backend postgres'],
  // The figures that docs/reliability.md asks of itself: so many kills, crashes, zombies, lost answers, orders.
  full: [
    'simulate -- --seeds 84000 --from 1000000 --jobs 2',
    'chaos -- --profile short --seed 201 --seconds 150',
    'chaos -- --profile short --seed 304 --seconds 100 --backend postgres',
    'chaos -- --profile short --seed 307 --seconds 2500 --only kills --pace 4',
    'chaos -- --profile short --seed 305 --seconds 900 --only zombies,store,queue,commits --customers 40 --pace 2',
    'chaos -- --profile short --seed 303 --seconds 400 --only queue --customers 40 --pace 2',
  ],
} as const;
const isPlan = (name: string): name is keyof typeof plans => Object.hasOwn(plans, name);

const { values } = parseArgs({ options: { plan: { type: 'string', default: 'none' } } });
if (!isPlan(values.plan)) {
  process.stderr.write('reliability: --plan short|full\n');
  process.exit(2);
}
for (const command of plans[values.plan]) {
  const { status } = spawnSync('npm', ['run', ...command.split(' '), '--keep'], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
const page = new URL('../../docs/reliability.md', import.meta.url);
writeFileSync(page, withSection(readFileSync(page, 'utf8'), section, faultsTable(readKeptRuns())));
