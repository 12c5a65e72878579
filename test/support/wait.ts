/** Waiting for a condition, in place of sleeping. */
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 10;

/**
 * Repeats `look` until it returns something other than `undefined`, `null` or `false` (throwing counts as not yet).
 * @returns what it returned
 * @throws when `timeoutMs` (default 60 s: a busy machine takes long, and a condition that comes true costs no more) have passed, with what it threw last as the cause
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  options: { timeoutMs?: number; what?: string } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const deadline = performance.now() + timeoutMs;
  let failure: unknown;
  do {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) {
        return found as Exclude<T, undefined | null | false>;
      }
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await sleep(pollMs);
  } while (performance.now() < deadline);
  const last = failure instanceof Error ? `: ${failure.message}` : '';
  throw new Error(`${options.what ?? 'the condition'} did not come true within ${timeoutMs} ms${last}`, {
    cause: failure,
  });
}
