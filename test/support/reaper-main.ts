/** The reaper's own process: reads orders from standard input, and carries out those left when it ends. */
import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { livePostmaster } from '../../src/persistence/postgres-cluster.ts';
import { processIdentity } from '../../src/persistence/process-identity.ts';
import type { Order } from './reaper.ts';

const orders = new Map<number, { readonly order: Order; readonly identity: Promise<string | null> }>();

// Whom it answers may be gone.
process.stdout.on('error', () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, order } = JSON.parse(line) as { id: number; order?: Order };
  if (order) {
    // Taken down at once, so that a reused pid is never killed.
    orders.set(id, { order, identity: order.type === 'process' ? processIdentity(order.pid) : Promise.resolve(null) });
    continue;
  }
  await carryOut(id);
  process.stdout.write(`${id}\n`);
}
// Latest first: an application before the data directory that it lives on.
for (const id of [...orders.keys()].reverse()) await carryOut(id);

async function carryOut(id: number): Promise<void> {
  const entry = orders.get(id);
  orders.delete(id);
  if (!entry) return;
  if (entry.order.type === 'process') await kill(entry.order.pid, 'SIGKILL', await entry.identity);
  else await removeDataDir(entry.order.path);
}

async function kill(pid: number, signal: NodeJS.Signals, identity: string | null): Promise<void> {
  if (identity === null || (await processIdentity(pid)) !== identity) return;
  process.kill(pid, signal);
  while ((await processIdentity(pid)) === identity) await sleep(5);
}

/** SIGQUIT is Postgres's immediate shutdown: it takes its children with it. */
async function removeDataDir(path: string): Promise<void> {
  // Root's cluster may be elsewhere, with a link to it.
  const dir = await realpath(join(path, 'postgres')).catch(() => join(path, 'postgres'));
  const postmaster = await livePostmaster({ dir });
  if (postmaster) await kill(postmaster.pid, 'SIGQUIT', await processIdentity(postmaster.pid));
  const holder = await readFile(join(path, 'waybill.pid'), 'utf8').catch(() => null);
  if (holder !== null) {
    const { pid, identity } = JSON.parse(holder) as { pid: number; identity: string };
    await kill(pid, 'SIGKILL', identity);
  }
  await rm(dir, { recursive: true, force: true });
  await rm(path, { recursive: true, force: true });
}
