/**
 * A real PostgreSQL under the data directory, for machines without one.
 *
 * It listens on loopback TCP only, with a password that was made up when the cluster was: any local account can connect
 * to a loopback port, and a superuser session may run programs. It runs in a session of its own (`pg_ctl start`), so
 * neither Ctrl-C nor the death of the application touches it; the next start adopts it.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import {
  becomesReady,
  type Cluster,
  freePort,
  livePostmaster,
  password,
  runProgram,
  rememberedPort,
  serverConfig,
  startServer,
  stopServer,
  writeOwned,
} from './postgres-cluster.ts';
import { prepareBinaries } from './postgres-binaries.ts';
import { withClient } from './with-client.ts';
import { type Account, canReach, postgresAccount } from './unprivileged-account.ts';

/** The major version of the pinned binaries; they cannot open a cluster of another one. */
const majorVersion = '18';
const maxAdoptions = 3;
const joinPollMs = 50;
const endTimeoutMs = 60_000;
const databaseName = 'waybill';
/** Bytewise order with Unicode character classes, built in: the system's locales have no say in an index. */
const initArguments = [
  '--username=waybill',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
];
/** For root alone: what the account that runs Postgres cannot reach in place (programs, DATA_DIR) goes here. */
const systemHome = '/var/lib/waybill';

export interface EmbeddedPostgresOptions {
  /** DATA_DIR; the cluster is `<dataDir>/postgres`. The caller holds its claim (`claimDataDir`). */
  readonly dataDir: string;
  /** False only where losing the data to a crash of the machine does not matter. */
  readonly fsync: boolean;
  /** Default: the port of the last start, else a free one. */
  readonly port?: number;
  readonly maxConnections?: number;
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** It was running already: its parent died without stopping it. */
  readonly adopted: boolean;
  readonly clusterDir: string;
  /** Fast shutdown: open transactions roll back, what was committed is on disk. Harmless when repeated. */
  stop(): Promise<void>;
}

/**
 * Starts, or adopts, the PostgreSQL of a data directory, and creates its cluster and database `waybill` if absent.
 * @throws EmbeddedPostgresError; DATABASE_URL is always a way out
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(resolve(options.dataDir), options);
  for (let attempt = 1; ; attempt++) {
    const adopted = await ensureServer(cluster, options);
    try {
      return { ...(await connectTo(cluster)), adopted };
    } catch (error) {
      // A server that was adopted on its way down; a new one is started in its place.
      if (attempt === maxAdoptions || !(await isEnding(cluster, error))) throw error;
    }
  }
}

/**
 * The address of the PostgreSQL that another process (the holder of the data directory's claim) runs, once it is ready.
 * Starts, changes and stops nothing.
 * @throws EmbeddedPostgresError when there is none after `timeoutMs`
 */
export async function joinEmbeddedPostgres(options: { dataDir: string; timeoutMs: number }): Promise<{ url: string }> {
  const place = join(resolve(options.dataDir), 'postgres');
  for (let waitedMs = 0; waitedMs <= options.timeoutMs; waitedMs += joinPollMs) {
    // Read anew each time: the holder may still be creating the cluster.
    const dir = await readlink(place).catch(() => place);
    const cluster = { dir, logFile: join(dir, 'server.log') };
    // Its database comes last, so that one is waited for too.
    if ((await livePostmaster(cluster))?.status === 'ready') {
      const url = await connectionUrl(cluster, databaseName);
      if (await answers(url)) return { url };
    }
    await sleep(joinPollMs);
  }
  throw new EmbeddedPostgresError(`no PostgreSQL runs in ${place}, although a process holds ${options.dataDir}`);
}

/** @returns whether it was running already */
async function ensureServer(cluster: Cluster, options: EmbeddedPostgresOptions): Promise<boolean> {
  const { fsync, maxConnections = 200 } = options;
  const port = options.port ?? (await rememberedPort(cluster)) ?? (await freePort());
  const config = serverConfig({ port, fsync, maxConnections });
  const running = await livePostmaster(cluster);
  if (running !== null) {
    const current = await readFile(join(cluster.dir, 'postgresql.conf'), 'utf8').catch(() => '');
    if (current === config && (await becomesReady(cluster))) return true;
    await stopServer(cluster);
  }
  await startServer(cluster, { port, fsync, maxConnections, mayMove: options.port === undefined });
  return false;
}

/** Whether the server that refused us has gone; waits for one that is on its way (57P03: it takes no connections now). */
async function isEnding(cluster: Cluster, refusal: unknown): Promise<boolean> {
  const mayEnd = refusal instanceof Error && 'code' in refusal && refusal.code === '57P03';
  for (let waitedMs = 0; (await livePostmaster(cluster)) !== null; waitedMs += joinPollMs) {
    if (!mayEnd || waitedMs > endTimeoutMs) return false;
    await sleep(joinPollMs);
  }
  return true;
}

async function connectTo(cluster: Cluster): Promise<Omit<EmbeddedPostgres, 'adopted'>> {
  const postmaster = await livePostmaster(cluster);
  if (postmaster === null) throw new EmbeddedPostgresError(`PostgreSQL ended at its start: see ${cluster.logFile}`);
  await ensureDatabase(await connectionUrl(cluster, 'postgres'));
  return {
    url: await connectionUrl(cluster, databaseName),
    port: postmaster.port,
    pid: postmaster.pid,
    clusterDir: cluster.dir,
    stop: () => stopServer(cluster),
  };
}

async function connectionUrl(cluster: Pick<Cluster, 'dir' | 'logFile'>, database: string): Promise<string> {
  const postmaster = await livePostmaster(cluster);
  if (postmaster === null) throw new EmbeddedPostgresError(`PostgreSQL went away: see ${cluster.logFile}`);
  return `postgres://waybill:${await password(cluster)}@127.0.0.1:${postmaster.port}/${database}?sslmode=disable`;
}

async function openCluster(dataDir: string, options: EmbeddedPostgresOptions): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true });
  const account = await postgresAccount(join(dataDir, 'postgres'));
  const home = await clusterHome(dataDir, account, options.log);
  const dir = join(home, 'postgres');
  const cluster: Cluster = {
    dir,
    account,
    logFile: join(dir, 'server.log'),
    // Root's is one for all data directories: 60 MB each.
    bin: await prepareBinaries({ account, copyDir: account === null ? home : systemHome }),
  };
  const version = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version === null) await createCluster(cluster, options.fsync);
  else await checkUsable(cluster, version.trim());
  return cluster;
}

/** The directory that holds the cluster: DATA_DIR, or one of our own that `DATA_DIR/postgres` then points into. */
async function clusterHome(dataDir: string, account: Account | null, log?: (line: string) => void): Promise<string> {
  const place = join(dataDir, 'postgres');
  const pointer = await readlink(place).catch(() => null);
  if (pointer !== null) return dirname(pointer);
  if (account === null || (await canReach(account, dataDir))) return dataDir;
  if (await lstat(place).catch(() => null)) {
    throw new EmbeddedPostgresError(
      `user ${account.uid}, who runs PostgreSQL for root, cannot enter ${dataDir}: move DATA_DIR`,
    );
  }
  await mkdir(systemHome, { recursive: true, mode: 0o755 });
  const home = await mkdtemp(join(systemHome, 'data-'));
  await chmod(home, 0o711);
  await symlink(join(home, 'postgres'), place);
  log?.(`database files are in ${home}: user ${account.uid}, who runs PostgreSQL for root, cannot enter ${dataDir}`);
  return home;
}

/** Under a draft name until it is complete, so that an interrupted start leaves nothing half made. */
async function createCluster(cluster: Cluster, fsync: boolean): Promise<void> {
  const draft: Cluster = { ...cluster, dir: `${cluster.dir}.new` };
  const passwordFile = join(dirname(cluster.dir), 'postgres.new.password');
  const secret = randomBytes(18).toString('base64url');
  await rm(draft.dir, { recursive: true, force: true });
  await mkdir(draft.dir, { mode: 0o700 });
  if (cluster.account) await chown(draft.dir, cluster.account.uid, cluster.account.gid);
  await writeOwned(passwordFile, secret, cluster.account);
  try {
    await runProgram(draft, 'initdb', [
      ...initArguments,
      '-D',
      draft.dir,
      `--pwfile=${passwordFile}`,
      ...(fsync ? [] : ['--no-sync']),
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeOwned(join(draft.dir, 'waybill-password'), secret, cluster.account);
  await rename(draft.dir, cluster.dir);
}

async function checkUsable(cluster: Cluster, version: string): Promise<void> {
  if (version !== majorVersion) {
    throw new EmbeddedPostgresError(
      `${cluster.dir} is of PostgreSQL ${version}, this is ${majorVersion}: dump and restore it, or set DATA_DIR elsewhere`,
    );
  }
  const owner = (await stat(cluster.dir)).uid;
  const self = process.getuid?.() ?? owner;
  if (self !== 0 && self !== owner) {
    throw new EmbeddedPostgresError(
      `${cluster.dir} belongs to user ${owner}: start as that user, or set DATA_DIR elsewhere`,
    );
  }
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  });
}

async function answers(url: string): Promise<boolean> {
  return withClient(url, () => Promise.resolve(true)).catch(() => false);
}
