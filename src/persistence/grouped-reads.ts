/**
 * Reads by key that share statements, as writes share commits: what is asked for while one is under way goes with the next.
 * Idle, a key goes alone and at once, so nobody waits for company.
 */

/** More go with the statement after it. */
const maxKeys = 256;

/**
 * @param load finds what there is of these keys, each once, in one statement
 * @returns what is stored under a key, null if nothing is. A read begins after it was asked for, so it sees whatever was
 * committed before; when it fails, all that share it do
 */
export function groupedReads<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | null> {
  let waiting: Waiting<V>[] = [];
  let isReading = false;

  const read = async (): Promise<void> => {
    isReading = true;
    while (waiting.length > 0) {
      const now = waiting.slice(0, maxKeys);
      waiting = waiting.slice(maxKeys);
      try {
        const found = await load([...new Set(now.map(({ key }) => key))]);
        for (const { key, resolve } of now) resolve(found.get(key) ?? null);
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    isReading = false;
  };

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (!isReading) void read();
    });
}

interface Waiting<V> {
  readonly key: string;
  readonly resolve: (found: V | null) => void;
  readonly reject: (error: unknown) => void;
}
