/** Which moment of an order is looked at: now, or one of its revisions; and playing from one to the next. */
import { useEffect, useState } from 'react';

export interface TimeTravel {
  readonly first: number;
  readonly last: number;
  /** The revision that is looked at. */
  readonly at: number;
  /** Follows the order as it moves. */
  readonly isNow: boolean;
  readonly isPlaying: boolean;
  readonly go: (revision: number) => void;
  readonly step: (by: number) => void;
  readonly toNow: () => void;
  readonly togglePlay: () => void;
}

const frameMs = 900;

/**
 * @param chosen the revision in the address; undefined: now
 * @param onChoose undefined: now
 */
export function useTimeTravel(
  revisions: readonly number[],
  chosen: number | undefined,
  onChoose: (revision: number | undefined) => void,
): TimeTravel {
  const [isPlaying, setPlaying] = useState(false);
  const first = revisions[0] ?? 1;
  const last = revisions.at(-1) ?? first;
  const at = chosen === undefined ? last : Math.min(last, Math.max(first, chosen));
  const go = (revision: number): void => onChoose(Math.min(last, Math.max(first, revision)));
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setTimeout(() => {
      if (at >= last) setPlaying(false);
      else onChoose(at + 1);
    }, frameMs);
    return () => clearTimeout(timer);
  }, [isPlaying, at, last, onChoose]);
  return {
    first,
    last,
    at,
    isNow: chosen === undefined,
    isPlaying,
    go,
    step: (by) => go(at + by),
    toNow: () => {
      setPlaying(false);
      onChoose(undefined);
    },
    togglePlay: () => {
      if (!isPlaying && at >= last) onChoose(first);
      setPlaying(!isPlaying);
    },
  };
}
