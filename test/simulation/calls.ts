/** Calls that processes have under way, to see that no effect has two holders at once who are both awake (G6). */
import type { RemoteEffect } from '../../src/actors/index.ts';
import type { Owner } from './scheduler.ts';

interface UnderWay {
  readonly owner: Owner;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
}

export interface Calls {
  /** The same effect, watched, as one process runs it. */
  watched(owner: Owner, effect: RemoteEffect): RemoteEffect;
}

/** @param onSecond told of an effect that a second process calls while the first is still at it */
export function watchCalls(nowMs: () => number, onSecond: (what: string) => void): Calls {
  const underWay = new Map<string, Set<UnderWay>>();
  // One who was paused in between does not know how late it is: that is what the token is for.
  const isAwake = ({ owner, signal, startedAtMs }: UnderWay): boolean =>
    owner.isAlive && !signal.aborted && owner.pausedUntilMs <= startedAtMs;
  return {
    watched: (owner, effect) => ({
      ...effect,
      async call(request) {
        const { key, signal } = request;
        const others = underWay.get(key) ?? new Set();
        underWay.set(key, others);
        for (const other of others)
          if (isAwake(other)) onSecond(`G6: ${key} is called by ${owner.name} while ${other.owner.name} is at it`);
        const own = { owner, signal, startedAtMs: nowMs() };
        others.add(own);
        try {
          return await effect.call(request);
        } finally {
          others.delete(own);
        }
      },
    }),
  };
}
