/** One process of the stack under load. */
import { spawnWaybill } from '../test/support/process.ts';

export interface BenchProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startProcess(role: string, env: Readonly<Record<string, string>>): Promise<BenchProcess> {
  const child = spawnWaybill({ args: ['start', '--role', role, '--port', '0', '--json'], env });
  const [, url] = await child.line(/"url":"([^"]+)"/);
  if (url === undefined) throw new Error('no URL was printed');
  return { url, pid: child.pid, stop: () => child.kill('SIGTERM') };
}
