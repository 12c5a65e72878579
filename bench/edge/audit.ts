/** What `waybill audit` takes where years of finished orders are in the tables: its time, and the peak of its memory. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnWaybill, type WaybillProcess } from '../../test/support/process.ts';
import { placeOrders, seedProducts, waitUntilEnded } from './load.ts';
import { preload } from './growth.ts';
import { type BenchStack, openStack, type QueueBackend } from './stack.ts';

export interface AuditOptions {
  readonly backend: QueueBackend;
  /** Finished orders in the tables. */
  readonly preload: number;
}

type Report = (line: object) => void;

/** All of it, and as an operator would run it each day: with the logs of that day alone. */
export async function measureAudit(options: AuditOptions, report: Report): Promise<void> {
  const stack = await openStack(options.backend);
  if (!stack) return report({ skipped: 'no redis-server on the PATH' });
  try {
    const products = await seedProducts(stack.edgeUrl, 100, 1_000_000);
    await placeOrders(stack.edgeUrl, products, { n: 200, inFlight: 16, prefix: 'warm' });
    await waitUntilEnded(stack.pool, 'warm', 200);
    await preload(stack, options.preload, report);
    for (const args of [[], ['--days', '11']])
      report({ audit: args.join(' ') || 'all', ...(await audited(stack, args)) });
  } finally {
    await stack.close();
  }
}

async function audited({ databaseUrl }: BenchStack, args: readonly string[]) {
  const startedAtMs = performance.now();
  const child = spawnWaybill({ args: ['audit', '--json', ...args], env: { DATABASE_URL: databaseUrl } });
  const peakMb = await peakOf(child);
  const { code } = await child.exited;
  const said = child.output();
  const { actors, transitions } = JSON.parse(said.slice(said.indexOf('{'))) as { actors: number; transitions: number };
  return { code, seconds: Math.round((performance.now() - startedAtMs) / 100) / 10, peakMb, actors, transitions };
}

const lookMs = 500;

/** @returns megabytes resident at most, as Linux counts them; null elsewhere */
async function peakOf({ pid, exited }: WaybillProcess): Promise<number | null> {
  let peakMb: number | null = null;
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes !== undefined) peakMb = Math.round(Number(kilobytes) / 1_024);
    if (await Promise.race([exited.then(() => true), delay(lookMs, false, { ref: false })])) return peakMb;
  }
}
