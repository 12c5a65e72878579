/** Restate's own server: a log of its own with a sync per write, one node, on loopback. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/persistence/postgres-cluster.ts';
import { reaper } from '../../test/support/reaper.ts';
import type { EngineServer, EngineSettings } from '../engines/engine.ts';

export interface RestatePorts {
  readonly ingress: number;
  readonly admin: number;
  readonly node: number;
  /** Of the process that runs the handlers. */
  readonly handlers: number;
}

const startMs = 20_000;
const stopMs = 5_000;
const pollMs = 100;
const program = fileURLToPath(
  new URL(
    `node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
    import.meta.url,
  ),
);

const portsFile = ({ directory }: EngineSettings): string => `${directory}/ports.json`;

/** As the bench has chosen them for this run. */
export async function restatePorts(settings: EngineSettings): Promise<RestatePorts> {
  return JSON.parse(await readFile(portsFile(settings), 'utf8')) as RestatePorts;
}

export async function startRestate(settings: EngineSettings): Promise<EngineServer[]> {
  const { directory } = settings;
  const ports: RestatePorts = {
    ingress: await freePort(),
    admin: await freePort(),
    node: await freePort(),
    handlers: await freePort(),
  };
  await writeFile(portsFile(settings), JSON.stringify(ports));
  const config = `${directory}/restate.toml`;
  await writeFile(config, configuration(directory, ports));
  const child = spawn(program, ['--no-logo', '-c', config], { stdio: 'ignore' });
  const { pid } = child;
  if (pid === undefined) throw new Error('restate-server cannot be started');
  const exited = once(child, 'exit');
  const kill = reaper().watchProcess(pid);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await Promise.race([exited, sleep(stopMs, undefined, { ref: false })]);
    await kill();
  };
  const endsAtMs = performance.now() + startMs;
  while (!(await answers(ports.admin, '/health')) || !(await answers(ports.ingress, '/restate/health'))) {
    if (child.exitCode !== null || performance.now() > endsAtMs) {
      await stop();
      throw new Error('restate-server did not start');
    }
    await sleep(pollMs);
  }
  return [{ name: 'restate', pid, stop }];
}

const configuration = (directory: string, ports: RestatePorts): string => `base-dir = "${directory}"
bind-ip = "127.0.0.1"
bind-port = ${ports.node}
advertised-host = "127.0.0.1"
listen-mode = "tcp"
node-name = "bench"
log-filter = "error"
disable-telemetry = true
[admin]
bind-port = ${ports.admin}
[ingress]
bind-port = ${ports.ingress}
`;

async function answers(port: number, path: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ ok }) => ok,
    () => false,
  );
}
