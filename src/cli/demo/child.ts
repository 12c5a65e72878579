/** A Waybill process of the demo: started, listened to until it is up, and ended by its id. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../bin/waybill.js', import.meta.url));
const startTimeoutMs = 60_000;
/** A drain takes as long as the calls under way. */
const drainTimeoutMs = 10_000;
const keptLines = 10;

export interface ChildOptions {
  /** What it is called in messages. */
  readonly name: string;
  readonly roles: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Ends the wait for its start. */
  readonly signal: AbortSignal;
  /** Called when it ends without having been told to. */
  readonly onLost: (error: Error) => void;
}

export interface Child {
  readonly pid: number;
  readonly url: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL if that takes too long. */
  drain(): Promise<void>;
}

/** Told of every process before it is up, so that none is forgotten when its start is interrupted. */
export type OnSpawn = (child: Pick<Child, 'kill'>) => void;

/** @throws with what it said last, when it ends before it is up */
export async function startChild(options: ChildOptions, onSpawn: OnSpawn): Promise<Child> {
  const { name, roles, signal } = options;
  const child = spawn(process.execPath, [bin, 'start', '--json', '--role', roles, '--port', '0'], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const exited = once(child, 'close').then(() => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${process.execPath}`);
  let expected = false;
  const end = (how: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    expected = true;
    child.kill(how);
    return exited;
  };
  onSpawn({ kill: () => end('SIGKILL') });

  const said = listen(child.stdout, child.stderr, options.logFile);
  const url = await Promise.race([
    said.url,
    exited.then(() => Promise.reject(new Error(`${name} ended at its start\n${said.last()}`))),
    aborted(AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)])),
  ]);
  void exited.then(() => {
    if (!expected) options.onLost(new Error(`${name} (pid ${pid}) ended by itself\n${said.last()}`));
  });
  return {
    pid,
    url,
    kill: () => end('SIGKILL'),
    async drain() {
      const overdue = setTimeout(() => child.kill('SIGKILL'), drainTimeoutMs);
      await end('SIGTERM');
      clearTimeout(overdue);
    },
  };
}

/** Copies what it says to the log file, remembers the last lines, and finds the one that tells its address. */
function listen(stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream, logFile: string) {
  const log = createWriteStream(logFile, { flags: 'a' });
  const lines: string[] = [];
  const { promise: url, resolve } = Promise.withResolvers<string>();
  for (const stream of [stdout, stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      const found = /^\{"url":"([^"]+)"/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  }
  return { url, last: () => lines.join('\n') };
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  // Whoever races it may long have what it wanted.
  promise.catch(() => {});
  return promise;
}
