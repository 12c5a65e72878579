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
import pg from 'pg';
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
import { type Account, canReach, postgresAccount } from './unprivileged-account.ts';

/** The major version of the pinned binaries; they cannot open a cluster of another one. */
const majorVersion = '18';
const maxAdoptions = 3;
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
 * @throws Error with one line that says what to do; DATABASE_URL is always a way out
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(resolve(options.dataDir), options);
  for (let attempt = 1; ; attempt++) {
    const adopted = await ensureServer(cluster, options);
    try {
      return { ...(await connectTo(cluster)), adopted };
    } catch (error) {
      // A server that was adopted on its way down; a new one is started in its place.
      if (attempt === maxAdoptions || (await livePostmaster(cluster)) !== null) throw error;
    }
  }
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

async function connectTo(cluster: Cluster): Promise<Omit<EmbeddedPostgres, 'adopted'>> {
  const postmaster = await livePostmaster(cluster);
  if (postmaster === null) throw new Error(`PostgreSQL went away while it started: see ${cluster.logFile}`);
  const { pid, port } = postmaster;
  const secret = await password(cluster);
  const url = (database: string): string =>
    `postgres://waybill:${secret}@127.0.0.1:${port}/${database}?sslmode=disable`;
  await ensureDatabase(url('postgres'));
  return { url: url(databaseName), port, pid, clusterDir: cluster.dir, stop: () => stopServer(cluster) };
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
    throw new Error(`user ${account.uid}, who runs PostgreSQL for root, cannot enter ${dataDir}: move DATA_DIR`);
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
    throw new Error(
      `${cluster.dir} is of PostgreSQL ${version}, this is ${majorVersion}: dump and restore it, or set DATA_DIR elsewhere`,
    );
  }
  const owner = (await stat(cluster.dir)).uid;
  const self = process.getuid?.() ?? owner;
  if (self !== 0 && self !== owner) {
    throw new Error(`${cluster.dir} belongs to user ${owner}: start as that user, or set DATA_DIR elsewhere`);
  }
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  // A connection that breaks fails the query in flight; without a listener it would end the process too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end();
  }
}
