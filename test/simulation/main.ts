/**
 * `npm run simulate -- --seeds 500 --from 1 --jobs 2`: that many runs, or as many as `--seconds` allow, on so many threads;
 * the first that fails is made small and told step by step. With `--keep` the figures go into docs/reliability.md.
 */
import { parseArgs } from 'node:util';
import { cleanCommit, keepRun } from '../reliability/kept-runs.ts';
import { faultKinds } from './faults.ts';
import { minimise } from './minimise.ts';
import { runSeeds } from './run-seeds.ts';
import { type Run, simulate } from './simulate.ts';
import { createTally } from './tally.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    orders: { type: 'string', default: '12' },
    seconds: { type: 'string', default: 'Infinity' },
    jobs: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const [seeds, from] = [Number(values.seeds), Number(values.from)];
const [orders, jobs] = [Number(values.orders), Number(values.jobs)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** How often a long run says how far it is, on stderr. */
const progressMs = 30_000;

// Before anything else: what runs must be what the commit says.
const commit = values.keep ? cleanCommit() : null;
const begunMs = performance.now();
const tally = createTally();
let saidMs = begunMs;

const failing = await (values.trace
  ? traced()
  : runSeeds({ from, seeds, orders, seconds: Number(values.seconds) }, jobs, add));
if (failing !== null) {
  process.exitCode = 1;
  await tellFailure(failing);
}
report();
if (commit !== null) keep(failing, commit);

function add(run: Run): void {
  if (run.violations.length === 0) tally.add(run);
  if (performance.now() - saidMs < progressMs) return;
  saidMs = performance.now();
  process.stderr.write(`${tally.sums.get('runs') ?? 0} of ${seeds} runs: ${pace()}\n`);
}

/** Every step of every run, told as it happens. */
async function traced(): Promise<Run | null> {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const run = await simulate(seed, { orders, onStep: say });
    if (run.violations.length > 0) return run;
    tally.add(run);
  }
  return null;
}

async function tellFailure(run: Run): Promise<void> {
  const { seed } = run;
  say(`seed ${seed} fails: ${run.violations.join('; ')}`);
  const { options, run: small } = await minimise(seed, run);
  await simulate(seed, { ...options, onStep: say });
  say(`seed ${seed} with ${JSON.stringify(options)}: ${small.violations.join('; ')}`);
  say('Keep it: add it to test/simulation/kept-seeds.ts.');
}

function report(): void {
  for (const [name, n] of tally.sums) say(`${String(n).padStart(12)}  ${name}`);
  const missing = tally.neverStruck();
  if ((tally.sums.get('runs') ?? 0) >= 100 && missing.length > 0) {
    say(`never struck, so nothing is shown of: ${missing.join(', ')}`);
    process.exitCode = 1;
  }
  say(`${tally.sums.get('runs') ?? 0} runs of ${orders} orders in ${pace()}`);
}

/** By the clock, and by the CPU time of all threads: the second is the same on a busy machine. */
function pace(): string {
  const runs = tally.sums.get('runs') ?? 0;
  const seconds = (performance.now() - begunMs) / 1_000;
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1_000_000;
  return `${seconds.toFixed(1)} s, ${(runs / seconds).toFixed(1)} runs/s, ${(runs / cpuSeconds).toFixed(1)} runs per CPU second`;
}

function keep(failed: Run | null, at: string): void {
  const runs = tally.sums.get('runs') ?? 0;
  keepRun(
    {
      kind: 'simulation',
      command: `npm run simulate -- --seeds ${runs} --from ${from} --orders ${orders}`,
      seconds: Math.round((performance.now() - begunMs) / 1_000),
      orders: tally.sums.get('orders') ?? 0,
      struck: Object.fromEntries(faultKinds.map((kind) => [kind, tally.sums.get(kind) ?? 0])),
      broken: (failed?.violations ?? []).map((what) => `${what.split(':')[0] ?? ''}: seed ${failed?.seed}, ${what}`),
      seen: { runs },
    },
    at,
  );
}
