/** However many ask at once, and however often: a costly look is taken once, and its answer is good for a moment. */

/**
 * @param forMs how old an answer may be
 * @returns the same look; who comes while one is under way waits for it, and a failure is not kept
 */
export function keptBriefly<T>(
  look: () => Promise<T>,
  { forMs, monotonicMs }: { readonly forMs: number; readonly monotonicMs: () => number },
): () => Promise<T> {
  let kept: { readonly value: Promise<T>; readonly atMs: number } | null = null;
  return () => {
    if (kept && monotonicMs() - kept.atMs < forMs) return kept.value;
    const value = look();
    const mine = { value, atMs: monotonicMs() };
    kept = mine;
    value.catch(() => {
      if (kept === mine) kept = null;
    });
    return value;
  };
}
