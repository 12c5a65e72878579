/** What happens on the line to the gateway: a call is overtaken by its own undo. */
import { eventually } from '../support/wait.ts';
import { openShop, overHttp } from '../support/shop.ts';
import type { Counters } from './counters.ts';
import { faults } from './profiles.ts';
import type { System } from './system.ts';

const holdMs = 20_000;
const undoneMs = 60_000;

/**
 * Holds an authorize or a capture, cancels its order, and lets the call through once the saga has undone it. Counts when the
 * gateway then refused it: by its tombstone, or because the money was given back.
 */
export async function overtakeByUndo(system: System, counters: Counters): Promise<void> {
  const held = await system.line.holdNext(AbortSignal.timeout(holdMs));
  if (!held) return;
  const isUndone = await cancelled(system, held.orderId);
  const status = await held.release();
  if (isUndone && status !== null && status >= 400 && status < 500) counters.add(faults.overtaken);
}

async function cancelled(system: System, orderId: string): Promise<boolean> {
  const shops = system.edges.map(({ url }) => openShop(overHttp(url, { timeoutMs: 2_000 })));
  const ended = async (): Promise<boolean> => {
    for (const shop of shops) {
      await shop.cancel(orderId).catch(() => null);
      const order = await shop.find(orderId).catch(() => null);
      if (order?.status === 'CANCELLED' || order?.status === 'FAILED') return true;
    }
    return false;
  };
  return eventually(ended, { timeoutMs: undoneMs }).catch(() => false);
}
