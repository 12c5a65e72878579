/** How many orders are placed at a time: fewer when accepting one takes long, or when many accepted ones wait for a worker. */

export interface PlacingBound {
  /** @returns 1–256, for this moment */
  now(): number;
  /** An order was accepted, or could not be. @param tookMs from its request to the answer of its first commit */
  accepted(tookMs: number): void;
}

/** As many as share one commit: more would only wait, and in the end get no better answer than to come again. */
const maxPlacing = 256;
/** As many as a process takes that is cold, or that gets little of its machine. */
const fewPlacing = 64;
/** Half of all orders are accepted sooner: a bound that is met more slowly is too wide for this machine at this moment. */
const slowMs = 1_000;
/** So many keep every worker busy for a while: no reason to refuse anybody. */
const easyBacklog = 150;
/** From there the bound halves with each step, so that it meets what the workers get done, whatever that is. */
const halvingStep = 50;

/**
 * Accepting is cheaper than finishing, so without this an overload would take the machine from the orders that are begun.
 * Never closed: with no worker at all, orders are accepted one after the other.
 * @param backlog orders that wait for a worker; null if the queue is away, when nobody works whose time could be taken
 */
export function placingBound(backlog: () => number | null): PlacingBound {
  let inTime = fewPlacing;
  return {
    now: () => Math.min(inTime, ofBacklog(backlog())),
    accepted(tookMs) {
      // One up or one down per order: it comes to rest where as many are slow as are fast.
      inTime = Math.min(maxPlacing, Math.max(fewPlacing, inTime + (tookMs < slowMs ? 1 : -1)));
    },
  };
}

function ofBacklog(backlog: number | null): number {
  if (backlog === null || backlog <= easyBacklog) return maxPlacing;
  return Math.max(1, Math.floor(maxPlacing / 2 ** ((backlog - easyBacklog) / halvingStep)));
}
