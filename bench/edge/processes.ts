/** One process of the stack under load. */
import { fileURLToPath } from 'node:url';
import { spawnWaybill } from '../../test/support/process.ts';

export interface BenchProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface BenchProcessOptions {
  /** Its roles. */
  readonly role: string;
  /** Of its profile. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where profiles go, if they are wanted. */
  readonly profileTo: string | null;
}

const bin = fileURLToPath(new URL('../../bin/waybill.js', import.meta.url));

export async function startProcess({ role, name, env, profileTo }: BenchProcessOptions): Promise<BenchProcess> {
  const profiling =
    profileTo === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`, `--cpu-prof-name=${name}.cpuprofile`];
  const child = spawnWaybill({
    command: [process.execPath, ...profiling, bin],
    args: ['start', '--role', role, '--port', '0', '--json'],
    env,
  });
  const [, url] = await child.line(/"url":"([^"]+)"/);
  if (url === undefined) throw new Error('no URL was printed');
  return { url, pid: child.pid, stop: () => child.kill('SIGTERM') };
}
