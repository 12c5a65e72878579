/** One PostgreSQL cluster directory: run its programs, start and stop its server, find out whether one lives. */
import { spawn } from 'node:child_process';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { commandLine } from './process-identity.ts';
import { type Account } from './unprivileged-account.ts';

/** Recovery after a crash replays the log since the last checkpoint; minutes at worst. */
const startTimeoutS = 300;
const stopTimeoutS = 60;
const pollMs = 20;
const maxStartTries = 40;
const retryPauseMs = 250;

export interface Cluster {
  readonly dir: string;
  /** Directory of the programs. */
  readonly bin: string;
  readonly logFile: string;
  /** Who runs the programs; `null`: this process's own user. */
  readonly account: Account | null;
}

export interface ServerSettings {
  readonly port: number;
  readonly fsync: boolean;
  readonly maxConnections: number;
}

/**
 * Starts the server and returns when it takes connections.
 * @param settings `mayMove`: another port may be taken when somebody else listens on the given one
 */
export async function startServer(cluster: Cluster, settings: ServerSettings & { mayMove: boolean }): Promise<void> {
  // livePostmaster() found none: the file is left over from a crash, and its pid may be somebody else's by now.
  await rm(join(cluster.dir, 'postmaster.pid'), { force: true });
  let port = settings.port;
  for (let attempt = 1; ; attempt++) {
    await writeOwned(join(cluster.dir, 'postgresql.conf'), serverConfig({ ...settings, port }), cluster.account);
    await rename(cluster.logFile, `${cluster.logFile}.1`).catch(() => undefined);
    const args = ['start', '-w', '-t', String(startTimeoutS), '-D', cluster.dir, '-l', cluster.logFile];
    const failure = await runProgram(cluster, 'pg_ctl', args).then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    const log = await readFile(cluster.logFile, 'utf8').catch(() => '');
    const lastFatal = [...log.matchAll(/(?:FATAL|PANIC): +(.*)$/gm)].at(-1)?.[1];
    if (attempt >= maxStartTries || lastFatal === undefined) throw startFailure(cluster, lastFatal, failure);
    if (log.includes('Address already in use') && settings.mayMove) port = await freePort();
    // Children of a killed server are still on their way out.
    else if (lastFatal.includes('shared memory block')) await sleep(retryPauseMs);
    else throw startFailure(cluster, lastFatal, failure);
  }
}

function startFailure(cluster: Cluster, fatal: string | undefined, cause: unknown): Error {
  const reason = fatal ?? (cause instanceof Error ? cause.message : String(cause));
  return new EmbeddedPostgresError(`PostgreSQL did not start: ${reason.trim()} (log: ${cluster.logFile})`, { cause });
}

/** Fast shutdown, if a server lives; one that does not come to an end within a minute is stopped at once. */
export async function stopServer(cluster: Cluster): Promise<void> {
  if ((await livePostmaster(cluster)) === null) return;
  const stop = (mode: string): Promise<void> =>
    runProgram(cluster, 'pg_ctl', ['stop', '-w', '-t', String(stopTimeoutS), '-m', mode, '-D', cluster.dir]);
  try {
    await stop('fast');
  } catch {
    // Either it ended between the look and the stop, or it hangs; recovery makes an immediate stop safe.
    if ((await livePostmaster(cluster)) !== null) await stop('immediate');
  }
}

/** The living server of a cluster, whoever started it; a stale `postmaster.pid` is none. */
export async function livePostmaster(
  cluster: Pick<Cluster, 'dir'>,
): Promise<{ pid: number; port: number; status: string } | null> {
  const text = await readFile(join(cluster.dir, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  // Line by line: pid, data directory, start time, port, socket directory, listen address, shared memory, status.
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  const command = await commandLine(pid);
  const isOurs = command !== null && command.includes(lines[1] ?? cluster.dir);
  if (process.platform === 'win32' ? command === null : !isOurs) return null;
  return { pid, port: Number(lines[3]), status: lines[7] ?? 'starting' };
}

/** Waits until a living server takes connections, however long its recovery takes. @returns false when it ends instead */
export async function becomesReady(cluster: Cluster): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < startTimeoutS * 1_000; waitedMs += pollMs) {
    const postmaster = await livePostmaster(cluster);
    if (postmaster === null || postmaster.status === 'stopping') return false;
    if (postmaster.status === 'ready') return true;
    await sleep(pollMs);
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL (${cluster.dir}) took no connections for ${startTimeoutS} s: see ${cluster.logFile}`,
  );
}

/** The whole postgresql.conf: what is not said here stands at PostgreSQL's own default. */
export function serverConfig({ port, fsync, maxConnections }: ServerSettings): string {
  return `# Written by Waybill at every start.
port = ${port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = ${maxConnections}
fsync = ${fsync ? 'on' : 'off'}
full_page_writes = ${fsync ? 'on' : 'off'}
shared_buffers = '128MB'
max_wal_size = '2GB'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_checkpoints = off
`;
}

/** The port of the last start, which clients may have been told. */
export async function rememberedPort(cluster: Cluster): Promise<number | null> {
  const config = await readFile(join(cluster.dir, 'postgresql.conf'), 'utf8').catch(() => '');
  const port = /^port = (\d+)$/m.exec(config)?.[1];
  return port === undefined ? null : Number(port);
}

/** Of the superuser `waybill`, made up when the cluster was. */
export async function password(cluster: Pick<Cluster, 'dir'>): Promise<string> {
  return (await readFile(join(cluster.dir, 'waybill-password'), 'utf8')).trim();
}

/** A loopback port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((settle, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) settle(address.port);
        else reject(new EmbeddedPostgresError('no free port on 127.0.0.1'));
      });
    });
  });
}

/** Writes a file that only the account (or this user) may read. */
export async function writeOwned(path: string, text: string, account: Account | null): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  if (account) await chown(path, account.uid, account.gid);
}

/** Runs one of PostgreSQL's programs to its end; a failure carries the last line that it said. */
export function runProgram(cluster: Cluster, program: string, args: readonly string[]): Promise<void> {
  return new Promise((settle, reject) => {
    const child = spawn(join(cluster.bin, program), args, {
      ...cluster.account,
      cwd: dirname(cluster.dir),
      env: programEnvironment(),
      // Out of reach of Ctrl-C, which goes to the terminal's foreground processes.
      detached: true,
      windowsHide: true,
      // Not our own streams: a server would keep them open for as long as it lives.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const listen = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-8_192));
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', (error) =>
      reject(new EmbeddedPostgresError(`cannot run ${program}: ${error.message}`, { cause: error })),
    );
    child.once('exit', (code) => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      if (code === 0) settle();
      else reject(new EmbeddedPostgresError(`${program}: ${said.trim().split('\n').at(-1) ?? `exit code ${code}`}`));
    });
  });
}

/** Ours, less the PG* variables that would change what the programs do; in C, since messages are looked at. */
function programEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^PG[A-Z]/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}
