/** The life of an order as a strip: one piece per transition, as long as the logarithm of its time, so that gaps shrink. Pure. */

export interface Piece {
  readonly revision: number;
  readonly state: string;
  readonly status: string | null;
  /** How long it stood there; null: it still does, or it has ended there. */
  readonly ms: number | null;
  /** How much of the strip it gets, beside the others. */
  readonly weight: number;
  /** Its length says little: it took much longer than what is beside it. */
  readonly isCompressed: boolean;
}

interface Stop {
  readonly revision: number;
  readonly to: string;
  readonly status: string | null;
  readonly at: string;
}

/** A second gets about twice what 50 ms get; a day about five times a second. */
const unitMs = 50;
const compressedFromMs = 10_000;

export function piecesOf(stops: readonly Stop[]): readonly Piece[] {
  return stops.map(({ revision, to, status, at }, i) => {
    const next = stops[i + 1];
    const ms = next ? Math.max(0, Date.parse(next.at) - Date.parse(at)) : null;
    return {
      revision,
      state: to,
      status,
      ms,
      weight: ms === null ? 3 : 1 + Math.log2(1 + ms / unitMs),
      isCompressed: ms !== null && ms >= compressedFromMs,
    };
  });
}
