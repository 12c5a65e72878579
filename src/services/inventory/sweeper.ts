/** Ends reservations that were made without a saga and whose time is up. */
import type { InventoryService } from './service.ts';

/** More than this at once would hold the locks of hot products for too long. */
const batchLimit = 100;

export interface SweeperOptions {
  readonly inventory: Pick<InventoryService, 'sweepExpired'>;
  readonly intervalMs: number;
  /** Ends the loop after the sweep under way. */
  readonly signal: AbortSignal;
  /** Resolves after `ms`, or earlier once the signal is aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told of a sweep that failed; the next one comes after the interval all the same. */
  readonly onFault: (error: unknown) => void;
}

/** Sweeps until the signal is aborted; without a pause while there is a backlog. */
export async function runSweeper(options: SweeperOptions): Promise<void> {
  while (!options.signal.aborted) {
    const backlog = await sweepOnce(options);
    if (!backlog) await options.delay(options.intervalMs, options.signal);
  }
}

/** @returns whether there may be more to sweep at once */
async function sweepOnce({ inventory, onFault }: SweeperOptions): Promise<boolean> {
  try {
    return (await inventory.sweepExpired(batchLimit)) === batchLimit;
  } catch (error) {
    onFault(error);
    return false;
  }
}
