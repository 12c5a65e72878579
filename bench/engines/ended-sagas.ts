/** Which sagas have ended, and when. */
import { monotonicMs } from './protocol.ts';

export interface EndedSagas {
  readonly onDone: (orderId: string, atMs: number) => void;
  /** @returns undefined while it has not ended */
  atMs(orderId: string): number | undefined;
  /** @returns when the last of them ended. @throws when they have not within `timeoutMs` */
  all(orderIds: readonly string[], timeoutMs: number): Promise<number>;
}

const lookMs = 20;

export function endedSagas(): EndedSagas {
  const ended = new Map<string, number>();
  return {
    // A step may be reported twice by an engine that repeats it; the first time counts.
    onDone: (orderId, atMs) => void (ended.has(orderId) || ended.set(orderId, atMs)),
    atMs: (orderId) => ended.get(orderId),
    async all(orderIds, timeoutMs) {
      const left = new Set(orderIds);
      const endsAtMs = monotonicMs() + timeoutMs;
      for (;;) {
        for (const orderId of left) if (ended.has(orderId)) left.delete(orderId);
        if (left.size === 0) return orderIds.reduce((last, orderId) => Math.max(last, ended.get(orderId) ?? 0), 0);
        if (monotonicMs() > endsAtMs)
          throw new Error(`${left.size} of ${orderIds.length} sagas have not ended within ${timeoutMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    },
  };
}
