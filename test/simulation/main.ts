/** `npm run simulate -- --seeds 500 --from 1`: that many runs; the first that fails is made small and told step by step. */
import { parseArgs } from 'node:util';
import { faultKinds } from './faults.ts';
import { minimise } from './minimise.ts';
import { type Run, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    orders: { type: 'string', default: '12' },
    trace: { type: 'boolean', default: false },
  },
});
const [seeds, from, orders] = [Number(values.seeds), Number(values.from), Number(values.orders)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const begunMs = performance.now();
const sums = new Map<string, number>();
const add = (name: string, n: number): void => void sums.set(name, (sums.get(name) ?? 0) + n);

for (let seed = from; seed < from + seeds; seed += 1) {
  const run = await simulate(seed, { orders, ...(values.trace ? { onStep: say } : {}) });
  if (run.violations.length > 0) {
    await tellFailure(run);
    process.exitCode = 1;
    break;
  }
  count(run);
}
report();

function count(run: Run): void {
  add('runs', 1);
  add('steps', run.steps);
  for (const [state, n] of Object.entries(run.ends)) add(`ends ${state}`, n);
  for (const [kind, n] of Object.entries(run.struck)) add(kind, n);
  for (const [what, n] of Object.entries(run.observed)) add(what, n);
}

async function tellFailure(run: Run): Promise<void> {
  say(`seed ${run.seed} fails: ${run.violations.join('; ')}`);
  const { options, run: small } = await minimise(run.seed, run);
  await simulate(run.seed, { ...options, onStep: say });
  say(`seed ${run.seed} with ${JSON.stringify(options)}: ${small.violations.join('; ')}`);
  say('Keep it: add it to test/simulation/kept-seeds.ts.');
}

function report(): void {
  const seconds = (performance.now() - begunMs) / 1_000;
  const runs = sums.get('runs') ?? 0;
  for (const [name, n] of sums) say(`${String(n).padStart(12)}  ${name}`);
  const missing = faultKinds.filter((kind) => (sums.get(kind) ?? 0) === 0);
  if (runs >= 100 && missing.length > 0) {
    say(`never struck, so nothing is shown of: ${missing.join(', ')}`);
    process.exitCode = 1;
  }
  say(`${runs} runs of ${orders} orders in ${seconds.toFixed(1)} s, ${(runs / seconds).toFixed(1)} runs/s`);
}
