/** The workloads over HTTP, on the whole system: an edge with every participant, a worker, Postgres and the queue. */
import { audit as auditBooks } from '../../src/audit/audit.ts';
import { actorMachines } from '../../src/compose.ts';
import { measureAudit } from '../edge/audit.ts';
import { driveEdge } from '../edge/edge.ts';
import { measureGrowth } from '../edge/growth.ts';
import { hot } from '../edge/hot.ts';
import { idle as measureIdle } from '../edge/idle.ts';
import { seedProducts } from '../edge/load.ts';
import { overload } from '../edge/overload.ts';
import { measurePages } from '../edge/pages.ts';
import { type BenchStack, openStack } from '../edge/stack.ts';
import { NoRedis } from '../engines/lab.ts';
import { median, spread } from '../figures.ts';
import type { Workload, WorkloadPorts } from './workload.ts';

export const edge: Workload = async (ports) => {
  const { options, backend, report } = ports;
  const { preload, n, inFlight, rounds } = options;
  const say = (line: object): void => report.say({ backend, ...line });
  if (preload > 0) return measureGrowth({ backend, preload, n, inFlight, rounds }, say);
  const runs: Awaited<ReturnType<typeof driveEdge>>[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const run = await onStack(ports, (stack) => driveEdge(stack, options));
    runs.push(run);
    say({ round, ...run });
  }
  const middle = (value: (run: (typeof runs)[number]) => number | null): number =>
    median(runs.flatMap((run) => value(run) ?? []));
  const rate = spread(runs.map(({ ordersPerSecond }) => ordersPerSecond));
  report.table(
    [
      'queue',
      'orders/s (min–max)',
      'POST p99 ms',
      'at half the peak',
      'COMPLETED p50 ms',
      'p99',
      'CPU s/1,000',
      'commits',
      'fsyncs',
      'WAL bytes',
    ],
    [
      [
        backend,
        `${rate.median} (${rate.min}–${rate.max})`,
        middle(({ postP99Ms }) => postP99Ms),
        middle(({ halfPeakPostP99Ms }) => halfPeakPostP99Ms),
        middle(({ completedP50Ms }) => completedP50Ms),
        middle(({ completedP99Ms }) => completedP99Ms),
        middle(({ cpuSecondsPer1000All }) => cpuSecondsPer1000All),
        middle(({ commitsPerOrder }) => commitsPerOrder),
        middle(({ fsyncsPerOrder }) => fsyncsPerOrder),
        middle(({ walBytesPerOrder }) => walBytesPerOrder),
      ],
    ],
  );
};

export const hotProduct: Workload = (ports) =>
  onStack(ports, async (stack) => {
    const { options, backend, report } = ports;
    report.say({ backend, ...(await hot({ stack, ...options })), ...(await books(stack)) });
  });

export const overloaded: Workload = (ports) =>
  onStack(ports, async (stack) => {
    const { options, backend, report } = ports;
    const products = await seedProducts(stack.edgeUrl, 100, 1_000_000);
    const say = (line: object): void => report.say({ backend, ...line });
    const { seconds, rounds } = options;
    say({ ...(await overload({ stack, products, seconds, rounds, say })), ...(await books(stack)) });
  });

export const idle: Workload = (ports) =>
  onStack(ports, async (stack) => {
    const { options, backend, report } = ports;
    report.say({ backend, ...(await measureIdle(stack, options.seconds)) });
  });

export const audit: Workload = ({ options, backend, report }) =>
  measureAudit({ backend, preload: options.preload }, (line) => report.say({ backend, ...line }));

export const pages: Workload = ({ options, backend, report }) =>
  measurePages({ backend, preload: options.preload, n: options.n }, (line) => report.say({ backend, ...line }));

async function onStack<T>({ backend, profileTo }: WorkloadPorts, work: (stack: BenchStack) => Promise<T>): Promise<T> {
  const stack = await openStack(backend, { profileTo });
  if (!stack) throw new NoRedis('no redis-server on the PATH');
  try {
    return await work(stack);
  } finally {
    await stack.close();
  }
}

async function books({ pool }: BenchStack) {
  const { clean, findings } = await auditBooks(pool, { machines: actorMachines(), live: true });
  return { audit: clean ? 'clean' : findings };
}
