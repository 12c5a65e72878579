/** Cleans up after a test process, however that ends: a child of its own that outlives it just long enough. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the reaper does for one thing it was told of, on release or when the test process is gone. */
export type Order =
  /** Kills a process by its id. */
  | { readonly type: 'process'; readonly pid: number }
  /** Stops the Postgres of a data directory, if one runs there, and removes the directory. */
  | { readonly type: 'dataDir'; readonly path: string };

export interface Reaper {
  /** @returns kills the process now, if it still lives, and forgets it */
  watchProcess(pid: number): () => Promise<void>;
  /** @returns stops its Postgres now, removes the directory, and forgets it */
  watchDataDir(path: string): () => Promise<void>;
}

let started: Reaper | undefined;

/** The reaper of this process, started on first use. */
export function reaper(): Reaper {
  started ??= start();
  return started;
}

function start(): Reaper {
  // Detached: Ctrl-C must not reach it. It ends when its standard input does, which is when this process does.
  const child = spawn(process.execPath, [fileURLToPath(new URL('reaper-main.ts', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.unref();
  // A test process must be able to end although these pipes are open.
  for (const stream of [child.stdin, child.stdout]) if ('unref' in stream) (stream as { unref(): void }).unref();
  let lastId = 0;
  const waiting = new Map<string, () => void>();
  createInterface({ input: child.stdout }).on('line', (id) => waiting.get(id)?.());
  const release = (id: number): Promise<void> =>
    new Promise((settle) => {
      waiting.set(String(id), settle);
      child.stdin.write(`${JSON.stringify({ id })}\n`);
    });
  const watch = (order: Order): (() => Promise<void>) => {
    const id = ++lastId;
    child.stdin.write(`${JSON.stringify({ id, order })}\n`);
    let released: Promise<void> | undefined;
    return () => (released ??= release(id));
  };
  return {
    watchProcess: (pid) => watch({ type: 'process', pid }),
    watchDataDir: (path) => watch({ type: 'dataDir', path }),
  };
}
