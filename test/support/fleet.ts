/** Processes of a test that are roles of one system: each can be killed, and started again at the same address. */
import { freePort } from '../../src/persistence/postgres-cluster.ts';
import { privateLines } from './canaries.ts';
import { spawnWaybill, type WaybillProcess } from './process.ts';
import { openShop, overHttp, type Shop } from './shop.ts';

export interface Member {
  readonly roles: string;
  readonly url: string;
  readonly shop: Shop;
  process(): WaybillProcess;
  /** SIGKILL, unless told otherwise. Waits for its end. @throws when it has said anything private */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, with the same address and environment, and waits until it listens. */
  restart(): Promise<void>;
  /** The sum of a counter over its labels, as `/metrics` has it now. */
  counted(metric: string): Promise<number>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Leases and redeliveries are short, so that what a dead process leaves behind is soon taken up. */
const quick: Environment = { LEASE_MARGIN_MS: '1000', REDELIVERY_MS: '1000', LOG_LEVEL: 'info' };

/** On a machine that others keep busy, a process that takes a second elsewhere takes half a minute to load. */
const startTimeoutMs = 120_000;

/**
 * @param roles as for `--role`; the environment holds the database, and the queue's server if there is one
 * @param bin the program of another release than this one
 */
export async function startMember(roles: string, environment: Environment, bin?: string): Promise<Member> {
  const command = bin === undefined ? undefined : ([process.execPath, bin] as const);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<WaybillProcess> => {
    const args = ['start', '--role', roles, '--port', String(port), '--json'];
    const started = spawnWaybill({ args, env: { ...quick, ...environment }, ...(command ? { command } : {}) });
    await started.line(/^\{"url":/m, { timeoutMs: startTimeoutMs });
    return started;
  };
  let running = await start();
  return {
    roles,
    url,
    shop: openShop(overHttp(url)),
    process: () => running,
    kill: async (signal = 'SIGKILL') => {
      await running.kill(signal);
      const told = privateLines(running.output());
      if (told.length > 0) throw new Error(`${roles} has said what is private: ${told[0]}`);
    },
    restart: async () => void (running = await start()),
    counted: async (metric) => counted(await (await fetch(`${url}/metrics`)).text(), metric),
  };
}

function counted(exposition: string, metric: string): number {
  const series = exposition
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
