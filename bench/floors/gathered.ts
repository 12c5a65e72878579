/** While one call is under way the next one gathers; whoever is in a call waits for its end. */
export function gathered<T>(max: number, work: (items: readonly T[]) => Promise<unknown>): (item: T) => Promise<void> {
  let waiting: { readonly item: T; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  let busy = false;
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, max);
      waiting = waiting.slice(max);
      try {
        await work(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    busy = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (busy) return;
      busy = true;
      // What the same turn of the event loop asks for goes together.
      setImmediate(() => void run());
    });
}
