/**
 * Reads and writes that share statements, as steps share commits: what is asked for while one statement is under way goes
 * with the next. Idle, each goes alone and at once, so nobody waits for company.
 */
import { classifyFault } from './faults.ts';

/** More go with the statement after it. */
const maxTogether = 256;
/** Of the pool's connections, for those that are tried again alone. */
const lanesAlone = 4;

/**
 * @param load finds what there is of these keys, each once, in one statement
 * @returns what is stored under a key, null if nothing is. A read begins after it was asked for, so it sees whatever was
 * committed before; when it fails, all that share it do
 */
export function groupedReads<V>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | null> {
  return oneAfterAnother<string, V | null>(split, async (now) => {
    try {
      const found = await load([...new Set(now.map(({ item }) => item))]);
      for (const { item, resolve } of now) resolve(found.get(item) ?? null);
    } catch (error) {
      for (const { reject } of now) reject(error);
    }
  });
}

export interface GroupedWrites<Item, Result> {
  /** Writes items in one transaction. @returns one result per item, in the same order */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** What an item is about: two that have one of these in common never share a statement. */
  readonly keysOf: (item: Item) => readonly string[];
  /** Told why several had to be tried again alone. */
  readonly onSplit: (error: unknown) => void;
}

/**
 * For writes that may be repeated: a statement that fails for several is tried again for each alone, so that only the guilty
 * one fails, and any of them may by then have been written. The next ones do not wait for that. Where Postgres is away, all
 * fail at once.
 */
export function groupedWrites<Item, Result>(options: GroupedWrites<Item, Result>): (item: Item) => Promise<Result> {
  const { write, keysOf, onSplit } = options;
  const run = async (now: readonly Asked<Item, Result>[]): Promise<void> => {
    try {
      const results = await write(now.map(({ item }) => item));
      if (results.length !== now.length) throw new Error(`${now.length} were written, with ${results.length} results`);
      results.forEach((result, i) => now[i]?.resolve(result));
    } catch (error) {
      if (now.length === 1 || classifyFault(error) === 'unavailable') for (const { reject } of now) reject(error);
      else {
        onSplit(error);
        void runAlone([...now]);
      }
    }
  };
  const runAlone = async (left: Asked<Item, Result>[]): Promise<void> => {
    const lane = async (): Promise<void> => {
      for (let one = left.shift(); one; one = left.shift()) await run([one]);
    };
    await Promise.all(Array.from({ length: lanesAlone }, lane));
  };
  return oneAfterAnother((waiting) => splitByKeys(waiting, keysOf), run);
}

interface Asked<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

type Split<T> = readonly [now: readonly T[], later: T[]];

/** @param run settles all that it is given, and never rejects */
function oneAfterAnother<Item, Result>(
  next: (waiting: Asked<Item, Result>[]) => Split<Asked<Item, Result>>,
  run: (now: readonly Asked<Item, Result>[]) => Promise<void>,
): (item: Item) => Promise<Result> {
  let waiting: Asked<Item, Result>[] = [];
  let isRunning = false;
  const runAll = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      const [now, later] = next(waiting);
      waiting = later;
      await run(now);
    }
    isRunning = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!isRunning) void runAll();
    });
}

function split<T>(waiting: T[]): Split<T> {
  return [waiting.slice(0, maxTogether), waiting.slice(maxTogether)];
}

/** In the order they came, but for those that share a key with one before them. */
function splitByKeys<T extends { readonly item: Item }, Item>(
  waiting: T[],
  keysOf: (item: Item) => readonly string[],
): Split<T> {
  const taken = new Set<string>();
  const now: T[] = [];
  const later: T[] = [];
  for (const asked of waiting) {
    const keys = keysOf(asked.item);
    const fits = now.length < maxTogether && keys.every((key) => !taken.has(key));
    // Also of those left behind: of two that are about one thing, the first asked for comes first.
    for (const key of keys) taken.add(key);
    (fits ? now : later).push(asked);
  }
  return [now, later];
}
