/** For what must not happen in any test: an uncaught error, which no run survives. */
export function failTheRun(error: unknown): void {
  const thrown = error instanceof Error ? error : new Error(String(error));
  queueMicrotask(() => {
    throw thrown;
  });
}
