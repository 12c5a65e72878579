/** The processes of one engine, as the bench drives them. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reaper } from '../../test/support/reaper.ts';
import type { Engine, EngineSettings } from './engine.ts';
import {
  type Answer,
  type Command,
  type EngineStart,
  type FromEngine,
  type Role,
  startVariable,
  type Stats,
  type ToEngine,
} from './protocol.ts';

export interface EngineProcesses {
  readonly pids: Readonly<Record<string, number>>;
  /** To whoever submits. */
  drive(command: Command): Promise<Answer>;
  /** Counted by each process since it was started. */
  stats(): Promise<Readonly<Record<string, Stats>>>;
  /** To the first process of a role. @returns when it is gone */
  signal(role: Role, signal: NodeJS.Signals): Promise<void>;
  /** Starts that role anew. */
  restart(role: Role): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly name: string;
  readonly module: string;
  readonly engine: Engine;
  readonly settings: EngineSettings;
  /** Where profiles go, if they are wanted. */
  readonly profileTo: string | null;
  readonly onDone: (orderId: string, atMs: number) => void;
  /** Processes of that role; default 1. */
  readonly workers?: number;
}

const stopMs = 20_000;
const main = fileURLToPath(new URL('engine-process.ts', import.meta.url));

export async function startEngine(options: StartOptions): Promise<EngineProcesses> {
  const { engine, settings, workers = 1 } = options;
  /** By role; further workers by role and number. */
  const processes = new Map<string, Process>();
  const start = async (role: Role, name: string = role): Promise<void> =>
    void processes.set(name, await startProcess(options, role, name));
  const process = (name: string): Process => {
    const found = processes.get(name);
    if (!found) throw new Error(`${options.name} has no ${name}`);
    return found;
  };
  if (engine.processes === 'one') await start('both');
  else {
    await start('worker');
    for (let n = 2; n <= workers; n += 1) await start('worker', `worker${n}`);
    await engine.register?.(settings);
    await start('submitter');
  }
  return {
    get pids() {
      return Object.fromEntries([...processes].map(([role, { pid }]) => [role, pid]));
    },
    drive: (command) => process(engine.processes === 'one' ? 'both' : 'submitter').ask(command),
    async stats() {
      const all = [...processes].map(async ([role, { ask }]) => [role, (await ask({ type: 'stats' })).stats ?? {}]);
      return Object.fromEntries(await Promise.all(all)) as Record<string, Stats>;
    },
    signal: (role, signal) => process(role).signal(signal),
    restart: (role) => start(role),
    async stop() {
      for (const role of [...processes.keys()].toReversed()) await process(role).stop();
    },
  };
}

/** What a peer does with its `pg` is its own affair. */
const quiet = ['--disable-warning=DeprecationWarning'];
const isPeer = (module: string): boolean => module.includes('/peers/');

const profiling = (directory: string, name: string): string[] => [
  '--cpu-prof',
  `--cpu-prof-dir=${directory}`,
  `--cpu-prof-name=${name}.cpuprofile`,
];

interface Process {
  readonly pid: number;
  ask(command: Command): Promise<Answer>;
  signal(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** @param called its name among the engine's processes */
async function startProcess(options: StartOptions, role: Role, called: string): Promise<Process> {
  const { name, module, settings, profileTo } = options;
  const start: EngineStart = { module, engine: name, role, settings };
  const child = fork(main, [], {
    execArgv: [
      ...(isPeer(module) ? quiet : []),
      ...(profileTo === null ? [] : profiling(profileTo, `${name}-${called}`)),
    ],
    env: { ...process.env, [startVariable]: JSON.stringify(start), RESTATE_LOGGING: 'ERROR' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name}: its ${called} cannot be started`);
  const forget = reaper().watchProcess(pid);
  const exited = once(child, 'exit').then(forget);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const { ready, ask } = converse(child, `${name} ${called}`, options.onDone);
  await ready;
  return {
    pid,
    ask,
    async signal(signal) {
      child.kill(signal);
      if (signal === 'SIGKILL') await exited;
    },
    async stop() {
      const late = sleep(stopMs, undefined, { ref: false });
      // Who was killed on purpose has nothing to say.
      if (!hasEnded()) await Promise.race([ask({ type: 'stop' }), exited, late]).catch(() => {});
      await Promise.race([exited, late]);
      if (!hasEnded()) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Questions and answers, and what it tells unasked. */
function converse(child: ChildProcess, who: string, onDone: StartOptions['onDone']) {
  const asked = new Map<number, PromiseWithResolvers<Answer>>();
  const ready = Promise.withResolvers<void>();
  let lastId = 0;
  child.once('exit', () => {
    const error = new Error(`${who} has ended (${child.exitCode ?? child.signalCode})`);
    ready.reject(error);
    for (const { reject } of asked.values()) reject(error);
  });
  child.on('message', (message) => {
    const heard = message as FromEngine;
    switch (heard.type) {
      case 'ready':
        return ready.resolve();
      case 'done':
        return heard.orders.forEach(([orderId, atMs]) => onDone(orderId, atMs));
      case 'answer':
        return asked.get(heard.id)?.resolve(heard.answer);
      case 'failed':
        return asked.get(heard.id)?.reject(new Error(`${who}: ${heard.message}`));
    }
  });
  const ask = async (command: Command): Promise<Answer> => {
    const id = ++lastId;
    const answer = Promise.withResolvers<Answer>();
    asked.set(id, answer);
    const message: ToEngine = { id, command };
    child.send(message);
    try {
      return await answer.promise;
    } finally {
      asked.delete(id);
    }
  };
  return { ready: ready.promise, ask };
}
