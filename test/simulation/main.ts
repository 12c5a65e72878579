/**
 * `npm run simulate -- --seeds 500 --from 1`: that many runs, or as many as `--seconds` allow; the first that fails is made
 * small and told step by step.
 */
import { parseArgs } from 'node:util';
import { minimise } from './minimise.ts';
import { type Run, simulate } from './simulate.ts';
import { createTally } from './tally.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    orders: { type: 'string', default: '12' },
    seconds: { type: 'string', default: 'Infinity' },
    trace: { type: 'boolean', default: false },
  },
});
const [seeds, from, orders] = [Number(values.seeds), Number(values.from), Number(values.orders)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const begunMs = performance.now();
const tally = createTally();

const isOverdue = (): boolean => performance.now() - begunMs > Number(values.seconds) * 1_000;
for (let seed = from; seed < from + seeds && !isOverdue(); seed += 1) {
  const run = await simulate(seed, { orders, ...(values.trace ? { onStep: say } : {}) });
  if (run.violations.length > 0) {
    await tellFailure(run);
    process.exitCode = 1;
    break;
  }
  tally.add(run);
}
report();

async function tellFailure(run: Run): Promise<void> {
  say(`seed ${run.seed} fails: ${run.violations.join('; ')}`);
  const { options, run: small } = await minimise(run.seed, run);
  await simulate(run.seed, { ...options, onStep: say });
  say(`seed ${run.seed} with ${JSON.stringify(options)}: ${small.violations.join('; ')}`);
  say('Keep it: add it to test/simulation/kept-seeds.ts.');
}

function report(): void {
  const seconds = (performance.now() - begunMs) / 1_000;
  const runs = tally.sums.get('runs') ?? 0;
  for (const [name, n] of tally.sums) say(`${String(n).padStart(12)}  ${name}`);
  const missing = tally.neverStruck();
  if (runs >= 100 && missing.length > 0) {
    say(`never struck, so nothing is shown of: ${missing.join(', ')}`);
    process.exitCode = 1;
  }
  say(`${runs} runs of ${orders} orders in ${seconds.toFixed(1)} s, ${(runs / seconds).toFixed(1)} runs/s`);
}
