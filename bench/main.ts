/** The benchmark: orders over HTTP to COMPLETED, on a stack of its own with fsync on. Figures, never a pass or fail. */
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../src/persistence/embedded-postgres.ts';
import { openPool } from '../src/persistence/pool.ts';
import { audit } from '../src/audit/audit.ts';
import { actorMachines } from '../src/compose.ts';
import { migrate } from '../src/persistence/migrate.ts';
import { startRedis } from '../test/support/redis.ts';
import { temporaryDataDir } from '../test/support/temporary-data-dir.ts';
import { placeOrders, seedProducts, waitUntilEnded } from './edge-load.ts';
import { startProcess } from './processes.ts';

const help = `npm run bench -- [options]
  workload edge (the only one yet): POST /orders on 100 products, to COMPLETED
  --n 2000          orders
  --in-flight 64    requests at a time
  --backend both    redis, postgres or both
  --rounds 1        repetitions, the backends in turn`;

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '2000' },
    'in-flight': { type: 'string', default: '64' },
    backend: { type: 'string', default: 'both' },
    rounds: { type: 'string', default: '1' },
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
  for (let round = 1; round <= Number(values.rounds); round += 1)
    for (const backend of backends)
      process.stdout.write(`${JSON.stringify({ round, backend, ...(await measure(backend)) })}\n`);
  clearInterval(alive);
}

async function measure(backend: 'redis' | 'postgres') {
  const dataDir = await temporaryDataDir();
  const closing: (() => Promise<void>)[] = [() => dataDir.remove()];
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: dataDir.path, fsync: true });
    closing.push(() => postgres.stop());
    const redis = backend === 'redis' ? await startRedis() : null;
    if (backend === 'redis' && !redis) return { skipped: 'no redis-server on the PATH' };
    if (redis) closing.push(() => redis.stop());
    await migrate(postgres.url);
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis?.url ?? '', MOCK_FAILURE_RATE: '0', LOG_LEVEL: 'warn' };
    const edge = await startProcess('edge,orders,inventory,payments', env);
    closing.push(() => edge.stop());
    const worker = await startProcess('worker', env);
    closing.push(() => worker.stop());
    return await drive(edge.url, postgres.url);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function drive(edgeUrl: string, databaseUrl: string) {
  const n = Number(values.n);
  const inFlight = Number(values['in-flight']);
  const products = await seedProducts(edgeUrl, 100, 1_000_000);
  const pool = await openPool({ url: databaseUrl, maxConnections: 4 });
  await placeOrders(edgeUrl, products, { n: 200, inFlight, prefix: 'warm' });
  await waitUntilEnded(pool, 200);
  const startedAtMs = performance.now();
  const { latenciesMs } = await placeOrders(edgeUrl, products, { n, inFlight, prefix: 'load' });
  const acceptedMs = performance.now() - startedAtMs;
  await waitUntilEnded(pool, 200 + n);
  const endedMs = performance.now() - startedAtMs;
  const report = await audit(pool, { machines: actorMachines(), live: true });
  await pool.end();
  if (!report.clean)
    throw new Error(`the books do not agree, so this run does not count: ${JSON.stringify(report.findings)}`);
  const sorted = latenciesMs.sort((a, b) => a - b);
  const percentile = (p: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0);
  return {
    orders: n,
    ordersPerSecond: round(n / (endedMs / 1000)),
    acceptedPerSecond: round(n / (acceptedMs / 1000)),
    postP50Ms: percentile(50),
    postP99Ms: percentile(99),
    audit: 'clean',
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
