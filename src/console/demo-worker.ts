/** A worker in a process of its own, to be killed: kill -9, as a crash would have it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface DemoWorkerState {
  readonly state: 'none' | 'starting' | 'running' | 'killed';
  readonly pid: number | null;
  readonly sinceMs: number | null;
  readonly kills: number;
}

export interface DemoWorker {
  state(): DemoWorkerState;
  /** Starts it, unless there is one. Resolves at once; `running` is said once it works. */
  start(): void;
  /** Kills it, if there is one. Resolves when it is gone, and its work has been taken over. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface DemoWorkerOptions {
  /** What the process is given besides this one's environment. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** This process leaves the work to the other one, or takes it up again. */
  readonly rest: () => Promise<void>;
  readonly resume: () => void;
  readonly onError: (error: Error) => void;
  /** Default: the program that this process runs. */
  readonly command?: readonly string[];
  readonly nowMs?: () => number;
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Ends with the process that started it, however that ends: its standard input is then closed. */
const endWithParent = "data:text/javascript,process.stdin.on('close',()=>process.exit()).resume()";
const command = ['--import', endWithParent, main, 'start', '--json', '--role', 'worker', '--port', '0'] as const;

export function createDemoWorker(options: DemoWorkerOptions): DemoWorker {
  const nowMs = options.nowMs ?? Date.now;
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();
  let now: DemoWorkerState = { state: 'none', pid: null, sinceMs: null, kills: 0 };
  let killed = false;

  const start = (): void => {
    if (child) return;
    const started = spawn(process.execPath, [...(options.command ?? command)], {
      env: { ...process.env, ...options.environment() },
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    child = started;
    killed = false;
    now = { ...now, state: 'starting', pid: started.pid ?? null, sinceMs: nowMs() };
    createInterface({ input: started.stdout }).on('line', (line) => {
      if (child === started && now.state === 'starting' && line.startsWith('{"url"')) void handOver();
    });
    const ended = Promise.withResolvers<void>();
    gone = ended.promise;
    started.once('error', options.onError);
    // Also when it could not be started at all.
    started.once('close', (code) => {
      child = null;
      now = killed
        ? { state: 'killed', pid: now.pid, sinceMs: nowMs(), kills: now.kills + 1 }
        : { state: 'none', pid: null, sinceMs: null, kills: now.kills };
      if (!killed) options.onError(new Error(`the demo's worker ended by itself, with ${code}`));
      options.resume();
      ended.resolve();
    });
  };

  /** It works: now this process need not. */
  const handOver = async (): Promise<void> => {
    const working = child;
    await options.rest();
    if (child === working) now = { ...now, state: 'running', sinceMs: nowMs() };
    else options.resume();
  };

  const kill = async (): Promise<void> => {
    if (!child) return;
    killed = true;
    child.kill('SIGKILL');
    await gone;
  };

  return { state: () => now, start, kill, close: kill };
}
