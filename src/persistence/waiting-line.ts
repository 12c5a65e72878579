/** A bounded line for a bounded number of places: who waits for too long, or comes when the line is full, is sent away. */

export interface WaitingLine {
  /**
   * Runs `work` as soon as a place is free; urgent work before all that is not, or new work would starve what is begun.
   * @throws PlaceRefused when none was in time, or the line is closed; `work` has not been begun then
   */
  enter<T>(work: () => Promise<T>, options?: { readonly urgent: boolean }): Promise<T>;
  /** How many places are taken, and how many wait for one. */
  occupancy(): { readonly taken: number; readonly waiting: number };
  /** Sends everybody away who waits, and whoever comes from now on. Work that has begun goes on. */
  close(reason: string): void;
}

export interface WaitingLineLimits {
  readonly places: number;
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}

export class PlaceRefused extends Error {
  override readonly name = 'PlaceRefused';
}

interface Waiting {
  readonly admit: () => void;
  readonly refuse: (error: PlaceRefused) => void;
}

export function waitingLine(limits: WaitingLineLimits): WaitingLine {
  // Each in the order of arrival, as a Set is.
  const urgent = new Set<Waiting>();
  const others = new Set<Waiting>();
  let taken = 0;
  let closed: string | null = null;

  const wait = (waiting: Set<Waiting>): Promise<void> => {
    if (waiting.size >= limits.maxWaiting) throw new PlaceRefused(`${limits.maxWaiting} are waiting already`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const one: Waiting = { admit: resolve, refuse: reject };
    waiting.add(one);
    const timer = setTimeout(() => {
      waiting.delete(one);
      reject(new PlaceRefused(`none became free within ${limits.maxWaitMs} ms`));
    }, limits.maxWaitMs);
    return promise.finally(() => clearTimeout(timer));
  };
  const leave = (): void => {
    const waiting = urgent.size > 0 ? urgent : others;
    const [next] = waiting;
    if (!next) {
      taken -= 1;
      return;
    }
    // The place goes from hand to hand: nobody who comes now gets in before.
    waiting.delete(next);
    next.admit();
  };

  return {
    async enter(work, options) {
      if (closed !== null) throw new PlaceRefused(closed);
      if (taken < limits.places) taken += 1;
      else await wait(options?.urgent ? urgent : others);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    occupancy: () => ({ taken, waiting: urgent.size + others.size }),
    close(reason) {
      closed = reason;
      for (const waiting of [urgent, others]) {
        for (const { refuse } of waiting) refuse(new PlaceRefused(reason));
        waiting.clear();
      }
    },
  };
}
