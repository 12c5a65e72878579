/** One process of the system, and who starts it again whenever it dies. */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrashAt } from '../../src/crash-points/crash-points.ts';
import { privateLines } from '../support/canaries.ts';
import { type Exit, spawnWaybill, type WaybillProcess } from '../support/process.ts';
import { eventually } from '../support/wait.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface MemberOptions {
  readonly name: string;
  /** As for `--role`. */
  readonly roles: string;
  /** Asked at every start. */
  readonly environment: () => Environment;
  /** Where the next incarnation is to die; null: nowhere. Asked at every start. */
  readonly nextCrash: () => CrashAt | null;
  readonly onCrashed: (at: CrashAt) => void;
  /** It said what is private, or it listened, and ended although nobody had told it to. */
  readonly onStrange: (what: string) => void;
}

export interface Member {
  readonly name: string;
  readonly url: string;
  /** One fault at a time may have it. */
  isTaken: boolean;
  /** It has started, and listens. */
  listens(): boolean;
  /** Where the living incarnation is going to die. */
  doomed(): CrashAt | null;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Kills it, if it lives, and waits for its end; it is started again. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit | null>;
  ready(): Promise<void>;
  /** The sum of a counter over its labels and over all incarnations, as last seen by `look`. */
  counted(metric: string): number;
  /** How often it ended before it listened: what it needs to start went away meanwhile. */
  falseStarts(): number;
  /** Reads its metrics; one that does not answer keeps what was seen last. */
  look(): Promise<void>;
  /** Kills it for good. */
  stop(): Promise<void>;
}

/** What `waybill start --json` prints once it listens. */
const listens = '{"url":';
const restMs = 200;
/** Also on a machine with much else to do. */
const startTimeoutMs = 180_000;
const lookTimeoutMs = 1_000;
const readyTimeoutMs = 5_000;
/** Characters of a process's output in a message. */
const maxSaid = 3_000;

export async function startMember(options: MemberOptions): Promise<Member> {
  const port = await lowPort();
  const url = `http://127.0.0.1:${port}`;
  const metrics = createSums();
  let running: { readonly process: WaybillProcess; readonly crash: CrashAt | null } | null = null;
  let told = false;
  let falseStarts = 0;
  const stopping = new AbortController();

  const live = async (): Promise<void> => {
    const crash = options.nextCrash();
    const process = spawnWaybill({
      args: ['start', '--role', options.roles, '--port', String(port), '--json'],
      env: { ...options.environment(), CRASH_AT: crash ? `${crash.label}:${crash.passing}` : undefined },
    });
    told = false;
    running = { process, crash };
    const exit = await process.exited;
    running = null;
    metrics.keep();
    for (const line of privateLines(process.output()))
      options.onStrange(`${options.name} has said what is private: ${line}`);
    if (told || stopping.signal.aborted) return;
    if (crash && exit.signal === 'SIGKILL') options.onCrashed(crash);
    else if (!process.output().includes(listens)) falseStarts += 1;
    else
      options.onStrange(
        `${options.name} ended by itself (${JSON.stringify(exit)}): ${process.output().slice(-maxSaid)}`,
      );
  };
  const lives = (async () => {
    while (!stopping.signal.aborted) {
      await live();
      if (!stopping.signal.aborted) await sleep(restMs);
    }
  })();

  const look = async (): Promise<void> => {
    const before = running;
    const text = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(lookTimeoutMs) })
      .then((response) => response.text())
      .catch(() => null);
    if (text !== null && before === running) metrics.see(text);
  };

  return {
    name: options.name,
    url,
    isTaken: false,
    listens: () => running?.process.output().includes(listens) ?? false,
    doomed: () => running?.crash ?? null,
    signal: (signal) => void running?.process.kill(signal),
    async end(signal) {
      const { process } = running ?? {};
      if (!process) return null;
      told = true;
      await process.kill(signal);
      return process.exited;
    },
    async ready() {
      const answers = async (): Promise<boolean> =>
        running !== null && (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(readyTimeoutMs) })).ok;
      await eventually(answers, { what: `${options.name} to be ready`, timeoutMs: startTimeoutMs }).catch(
        (error: unknown) => {
          const said = running?.process.output() ?? 'it does not run';
          throw new Error(`${String(error)}\n${said.slice(-maxSaid)}`, { cause: error });
        },
      );
    },
    counted: metrics.of,
    falseStarts: () => falseStarts,
    look,
    async stop() {
      stopping.abort();
      await running?.process.kill('SIGKILL');
      await lives;
    },
  };
}

/** Below the ports that systems give to outgoing connections: one of those could take it while its owner is dead. */
const ports = { from: 20_000, to: 30_000 };

async function lowPort(): Promise<number> {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from));
    const server = createServer();
    const isFree = await new Promise<boolean>((settle) => {
      server.once('error', () => settle(false));
      server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
    });
    if (isFree) return port;
  }
}

/** Counters of all incarnations: each begins anew. */
function createSums() {
  const kept = new Map<string, number>();
  let seen = new Map<string, number>();
  return {
    see: (exposition: string): void => void (seen = parse(exposition)),
    keep(): void {
      for (const [name, value] of seen) kept.set(name, (kept.get(name) ?? 0) + value);
      seen = new Map();
    },
    of: (name: string): number => (kept.get(name) ?? 0) + (seen.get(name) ?? 0),
  };
}

function parse(exposition: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of exposition.split('\n')) {
    const [, name, value] = /^(\w+_total)(?:\{.*\})? (\S+)/.exec(line) ?? [];
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}
