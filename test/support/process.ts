/** Runs `bin/waybill.js` as a real process: its output, its readiness, its death. None outlives the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { reaper } from './reaper.ts';
import { eventually } from './wait.ts';

const bin = fileURLToPath(new URL('../../bin/waybill.js', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WaybillProcess {
  readonly pid: number;
  /** Everything it has said so far, standard output and error together. */
  output(): string;
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  /** Waits until its output matches. @throws, with the output, when it ends or the time is up before */
  line(pattern: RegExp, options?: { timeoutMs?: number }): Promise<RegExpMatchArray>;
  /** Waits until a GET answers 2xx. @throws, with the output, when it ends or the time is up before */
  ready(url: string, options?: { timeoutMs?: number }): Promise<void>;
  /** Sends a signal and, unless it is one that lets it live (SIGSTOP, SIGCONT), waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface SpawnOptions {
  readonly args: readonly string[];
  /** On top of this process's own; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Program and arguments before `args`; default: this Node with `bin/waybill.js`. */
  readonly command?: readonly [string, ...string[]];
}

const defaultTimeoutMs = 60_000;

/** Variables that would let the machine's own setting into a test. */
const isolated = {
  DATABASE_URL: undefined,
  REDIS_URL: undefined,
  DATA_DIR: undefined,
  ROLE: undefined,
  PORT: undefined,
  HOST: undefined,
  PAYMENTS_URL: undefined,
  ORDERS_URL: undefined,
  INVENTORY_URL: undefined,
  LOG_LEVEL: undefined,
  MOCK_FAILURE_RATE: '0',
  MOCK_LATENCY_MS: '0',
};

/** Starts a process; it is killed at the latest when the test process ends. */
export function spawnWaybill(options: SpawnOptions): WaybillProcess {
  const [program, ...before] = options.command ?? [process.execPath, bin];
  const child = spawn(program, [...before, ...options.args], {
    cwd: options.cwd,
    env: { ...process.env, ...isolated, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${program}`);
  const release = reaper().watchProcess(pid);
  let said = '';
  let ended: Exit | undefined;
  const listen = (chunk: Buffer): void => void (said += chunk.toString());
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const exited = once(child, 'close').then(async () => {
    ended = { code: child.exitCode, signal: child.signalCode };
    await release();
    return ended;
  });
  const until = <T>(look: () => T | Promise<T>, what: string, timeoutMs = defaultTimeoutMs) =>
    whileAlive({ look, what, timeoutMs, ended: () => ended, output: () => said });
  return {
    pid,
    output: () => said,
    exited,
    line: (pattern, { timeoutMs } = {}) => until(() => said.match(pattern), `output matching ${pattern}`, timeoutMs),
    ready: async (url, { timeoutMs } = {}) => {
      await until(async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok, `GET ${url}`, timeoutMs);
    },
    kill: async (signal) => {
      if (ended === undefined) child.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited;
    },
  };
}

async function whileAlive<T>(wait: {
  look: () => T | Promise<T>;
  what: string;
  timeoutMs: number;
  ended: () => Exit | undefined;
  output: () => string;
}): Promise<Exclude<T, undefined | null | false>> {
  const outcome = await eventually(async () => {
    const ended = wait.ended();
    const found = await Promise.resolve(wait.look()).catch((error: unknown) => {
      if (ended) return undefined;
      throw error;
    });
    if (found !== undefined && found !== null && found !== false) return { found };
    return ended ? { ended } : undefined;
  }, wait).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${wait.output()}`, { cause: error });
  });
  if ('found' in outcome) return outcome.found as Exclude<T, undefined | null | false>;
  throw new Error(`${wait.what}: it ended before (${JSON.stringify(outcome.ended)})\n${wait.output()}`);
}
