/** The benchmark: orders over HTTP to COMPLETED, on a stack of its own with fsync on. Figures, never a pass or fail. */
import { parseArgs } from 'node:util';
import { audit } from '../src/audit/audit.ts';
import { actorMachines } from '../src/compose.ts';
import { placeOrders, seedProducts, waitUntilEnded } from './edge-load.ts';
import { measureAudit } from './audit.ts';
import { percentile, round } from './figures.ts';
import { measureGrowth } from './growth.ts';
import { hot } from './hot.ts';
import { overload } from './overload.ts';
import { type BenchStack, openStack, type QueueBackend } from './stack.ts';

const help = `npm run bench -- [options]
  --workload edge   edge: POST /orders on 100 products, to COMPLETED
                    audit: time and memory of waybill audit, with --preload finished orders
                    overload: ten times the customers of its peak; orders ended per second, and when it is over
                    hot: 1,000 buyers for 100 pieces of one product; then --n on one product and on 100
  --seconds 10      of each phase (overload)
  --n 2000          orders
  --in-flight 64    requests at a time
  --backend both    redis, postgres or both
  --rounds 1        repetitions; of edge with the backends in turn, of the others within one stack
  --preload 0       measure by turns an empty stack, one with that many finished orders, and that one while
                    retention drops from it; say --rounds 5`;

const { values } = parseArgs({
  options: {
    workload: { type: 'string', default: 'edge' },
    seconds: { type: 'string', default: '10' },
    n: { type: 'string', default: '2000' },
    'in-flight': { type: 'string', default: '64' },
    backend: { type: 'string', default: 'both' },
    rounds: { type: 'string', default: '1' },
    preload: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(`${help}\n`);
else await main();

async function main(): Promise<void> {
  const backends =
    values.backend === 'both'
      ? (['redis', 'postgres'] as const)
      : [values.backend === 'redis' ? ('redis' as const) : ('postgres' as const)];
  // What watches over the child processes does not keep this one alive.
  const alive = setInterval(() => {}, 1_000);
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const n = Number(values.n);
  const inFlight = Number(values['in-flight']);
  const rounds = Number(values.rounds);
  const preload = Number(values.preload);
  if (values.workload === 'audit')
    for (const backend of backends) await measureAudit({ backend, preload }, (line) => say({ backend, ...line }));
  else if (preload > 0)
    for (const backend of backends)
      await measureGrowth({ backend, preload, n, inFlight, rounds }, (line) => say({ backend, ...line }));
  else if (values.workload === 'overload' || values.workload === 'hot')
    for (const backend of backends) say({ backend, ...(await measure(backend, (line) => say({ backend, ...line }))) });
  else
    for (let round = 1; round <= rounds; round += 1)
      for (const backend of backends) say({ round, backend, ...(await measure(backend, say)) });
  clearInterval(alive);
}

async function measure(backend: QueueBackend, say: (line: object) => void) {
  const stack = await openStack(backend);
  if (!stack) return { skipped: 'no redis-server on the PATH' };
  try {
    switch (values.workload) {
      case 'overload':
        return await driveOver(stack, say);
      case 'hot':
        return await driveHot(stack);
      default:
        return await drive(stack);
    }
  } finally {
    await stack.close();
  }
}

async function driveOver(stack: BenchStack, say: (line: object) => void) {
  const products = await seedProducts(stack.edgeUrl, 100, 1_000_000);
  const seconds = Number(values.seconds);
  return {
    ...(await overload({ stack, products, seconds, rounds: Number(values.rounds), say })),
    ...(await books(stack)),
  };
}

async function driveHot(stack: BenchStack) {
  const options = { n: Number(values.n), inFlight: Number(values['in-flight']), rounds: Number(values.rounds) };
  return { ...(await hot({ stack, ...options })), ...(await books(stack)) };
}

async function books({ pool }: BenchStack) {
  const { clean, findings } = await audit(pool, { machines: actorMachines(), live: true });
  return { audit: clean ? 'clean' : findings };
}

async function drive({ edgeUrl, pool }: BenchStack) {
  const n = Number(values.n);
  const inFlight = Number(values['in-flight']);
  const products = await seedProducts(edgeUrl, 100, 1_000_000);
  await placeOrders(edgeUrl, products, { n: 200, inFlight, prefix: 'warm' });
  await waitUntilEnded(pool, 'warm', 200);
  const startedAtMs = performance.now();
  const { latenciesMs, refused } = await placeOrders(edgeUrl, products, { n, inFlight, prefix: 'load' });
  const acceptedMs = performance.now() - startedAtMs;
  await waitUntilEnded(pool, 'load', n);
  const endedMs = performance.now() - startedAtMs;
  const report = await audit(pool, { machines: actorMachines(), live: true });
  if (!report.clean)
    throw new Error(`the books do not agree, so this run does not count: ${JSON.stringify(report.findings)}`);
  return {
    orders: n,
    ordersPerSecond: round(n / (endedMs / 1000)),
    refused,
    acceptedPerSecond: round(n / (acceptedMs / 1000)),
    postP50Ms: percentile(latenciesMs, 50),
    postP99Ms: percentile(latenciesMs, 99),
    audit: 'clean',
  };
}
