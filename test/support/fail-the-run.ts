/** For what must not happen in any test: an unhandled rejection, which no test can overlook. */
export function failTheRun(error: unknown): void {
  void Promise.reject(error instanceof Error ? error : new Error(String(error)));
}
