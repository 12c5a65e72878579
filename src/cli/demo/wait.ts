/** Waiting for a condition. */
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 50;

/**
 * Looks again and again until something is there.
 * @throws naming `what`, after `timeoutMs`; the signal's reason, once it is aborted
 */
export async function until<T>(
  what: () => string,
  look: () => Promise<T | null>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const startedAtMs = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== null) return found;
    if (performance.now() - startedAtMs > timeoutMs) throw new Error(`${what()}: not within ${timeoutMs / 1_000} s`);
    await sleep(pollMs, undefined, { signal });
  }
}
