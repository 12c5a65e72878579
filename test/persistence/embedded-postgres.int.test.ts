import {
  chmod,
  cp,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  joinEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/persistence/embedded-postgres.ts';
import { livePostmaster } from '../../src/persistence/postgres-cluster.ts';
import { nativeDir, prepareBinaries } from '../../src/persistence/postgres-binaries.ts';
import { canReach, postgresAccount } from '../../src/persistence/unprivileged-account.ts';
import { spawnWaybill, type WaybillProcess } from '../support/process.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { eventually } from '../support/wait.ts';

const holder = fileURLToPath(new URL('../support/hold-data-dir.ts', import.meta.url));
const isRoot = process.getuid?.() === 0;

let dataDir: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: dataDir, remove } = await temporaryDataDir());
});
afterEach(() => remove());

const start = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir, fsync: false });

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that claims the directory and runs its Postgres. */
const spawnHolder = (options: { command?: readonly [string, ...string[]] } = {}): WaybillProcess =>
  spawnWaybill({ args: [dataDir], command: options.command ?? [process.execPath, holder] });

async function announced(held: WaybillProcess): Promise<Omit<EmbeddedPostgres, 'stop'>> {
  const [line] = await held.line(/^\{.*\}$/m);
  return JSON.parse(line) as Omit<EmbeddedPostgres, 'stop'>;
}

describe('startEmbeddedPostgres', () => {
  it('starts, keeps what was written over a restart, and comes back on its port', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    await first.stop();
    expect(await livePostmaster({ dir: first.clusterDir })).toBeNull();

    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect({ port: second.port, url: second.url, adopted: second.adopted }).toEqual({
      port: first.port,
      url: first.url,
      adopted: false,
    });
    await second.stop();
  });

  it('is version 18, in UTC and UTF-8, on loopback alone, and durable unless told otherwise', async () => {
    const server = await startEmbeddedPostgres({ dataDir, fsync: true });
    const names = ['server_version_num', 'TimeZone', 'server_encoding', 'listen_addresses', 'unix_socket_directories'];
    const durable = ['fsync', 'synchronous_commit', 'full_page_writes'];
    const rows = await query<{ name: string; setting: string }>(
      server.url,
      `select name, setting from pg_settings where name in (${[...names, ...durable].map((n) => `'${n}'`).join()})`,
    );
    const { server_version_num: version, ...settings } = Object.fromEntries(rows.map((r) => [r.name, r.setting]));
    expect(version).toMatch(/^18/);
    expect(settings).toEqual({
      TimeZone: 'UTC',
      server_encoding: 'UTF8',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
    });
    await server.stop();
  });

  it('lets nobody in without the password, which only the owner can read', async () => {
    const server = await start();
    const guess = new URL(server.url);
    guess.password = 'guess';
    await expect(query(guess.toString(), 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(server.clusterDir, 'waybill-password'))).mode & 0o777).toBe(0o600);
    await server.stop();
  });

  it('adopts the server of a process that was killed', async () => {
    const held = spawnHolder();
    const before = await announced(held);
    await query(before.url, 'create table kept as select 42 as answer');
    await held.kill('SIGKILL');

    const after = await start();
    expect({ pid: after.pid, url: after.url, adopted: after.adopted }).toEqual({
      pid: before.pid,
      url: before.url,
      adopted: true,
    });
    expect(await query(after.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await after.stop();
  });

  it('runs in a session of its own, out of reach of Ctrl-C', async (test) => {
    const held = spawnHolder();
    const { pid } = await announced(held);
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    test.skip(status === null, 'no /proc to look at');
    const [, , group, session] = status?.slice(status.lastIndexOf(')') + 2).split(' ') ?? [];
    expect([group, session]).toEqual([String(pid), String(pid)]);
  });

  it('recovers after Postgres itself was killed, and keeps its port', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    process.kill(first.pid, 'SIGKILL');
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect({ adopted: second.adopted, port: second.port }).toEqual({ adopted: false, port: first.port });
    await second.stop();
  });

  it('is not misled by a stale postmaster.pid whose pid is alive again', async () => {
    const first = await start();
    const pidFile = join(first.clusterDir, 'postmaster.pid');
    const content = await readFile(pidFile, 'utf8');
    await first.stop();
    await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)));
    const second = await start();
    expect(second.adopted).toBe(false);
    await second.stop();
  });

  it('restarts a surviving server whose settings are not the wanted ones', async () => {
    const first = await start();
    const second = await startEmbeddedPostgres({ dataDir, fsync: true });
    expect({ adopted: second.adopted, moved: second.pid !== first.pid }).toEqual({ adopted: false, moved: true });
    expect(await query(second.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
    await second.stop();
  });

  it('moves when somebody else has taken the port it remembers', async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(first.port, '127.0.0.1');
    await once(squatter, 'listening');
    const second = await start();
    expect(second.port).not.toBe(first.port);
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.stop();

    await expect(startEmbeddedPostgres({ dataDir, fsync: false, port: first.port })).rejects.toThrow(
      /^PostgreSQL did not start: could not create any TCP\/IP sockets \(log: .*server\.log\)$/,
    );
    squatter.close();
  });

  it('starts anew over a cluster whose creation was interrupted', async () => {
    const draft = join(dataDir, 'postgres.new');
    const first = await start();
    await first.stop();
    await rm(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(draft, 'half');
    const second = await start();
    expect((await readdir(dataDir)).filter((name) => name.startsWith('postgres.'))).toEqual([]);
    await second.stop();
  });

  it('refuses a cluster of another major version in one line', async () => {
    const server = await start();
    await server.stop();
    await writeFile(join(server.clusterDir, 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(
      `${server.clusterDir} is of PostgreSQL 17, this is 18: dump and restore it, or set DATA_DIR elsewhere`,
    );
  });

  it('a second instance on the directory is refused by the claim while the first lives, not after its death', async () => {
    const first = spawnHolder();
    const { pid } = await announced(first);
    const second = spawnHolder();
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.output()).toBe(
      `DataDirInUse: ${dataDir} is in use by process ${first.pid}: ` +
        'stop that one, or set DATA_DIR to another directory for a second instance\n',
    );
    await first.kill('SIGKILL');
    expect(await announced(spawnHolder())).toMatchObject({ pid, adopted: true });
  });
});

describe('joinEmbeddedPostgres', () => {
  it('waits for the server of the process that holds the directory, and leaves it alone', async () => {
    const joining = joinEmbeddedPostgres({ dataDir, timeoutMs: 20_000 });
    const server = await start();
    expect(await joining).toEqual({ url: server.url });
    expect((await livePostmaster({ dir: server.clusterDir }))?.pid).toBe(server.pid);
    await server.stop();
    await expect(joinEmbeddedPostgres({ dataDir, timeoutMs: 0 })).rejects.toThrow(
      `no PostgreSQL runs in ${server.clusterDir}, although a process holds ${dataDir}`,
    );
  });
});

describe.skipIf(!isRoot)('startEmbeddedPostgres as root', () => {
  it('runs Postgres as somebody else', async () => {
    const server = await start();
    expect((await stat(server.clusterDir)).uid).toBe((await postgresAccount('/nonexistent'))?.uid);
    expect((await stat(server.clusterDir)).uid).not.toBe(0);
    await server.stop();
  });

  it('keeps the cluster where that user can reach it when DATA_DIR is closed to them', async () => {
    await chmod(dataDir, 0o700);
    const log: string[] = [];
    const options = { dataDir, fsync: false, log: (line: string) => log.push(line) };
    const first = await startEmbeddedPostgres(options);
    try {
      expect(first.clusterDir).toMatch(/^\/var\/lib\/waybill\/data-\w+\/postgres$/);
      expect((await lstat(join(dataDir, 'postgres'))).isSymbolicLink()).toBe(true);
      expect(await realpath(join(dataDir, 'postgres'))).toBe(first.clusterDir);
      expect(log).toEqual([expect.stringContaining(`database files are in ${dirname(first.clusterDir)}`)]);
      await first.stop();
      const second = await startEmbeddedPostgres(options);
      expect({ clusterDir: second.clusterDir, url: second.url }).toEqual({
        clusterDir: first.clusterDir,
        url: first.url,
      });
      expect(log).toHaveLength(1);
    } finally {
      await first.stop();
      await rm(dirname(first.clusterDir), { recursive: true });
    }
  });

  it('works the same for an ordinary user', async (test) => {
    const account = await postgresAccount('/nonexistent');
    if (!account) throw new Error('root has an account to give Postgres to');
    const reachable = await Promise.all([process.execPath, holder].map((path) => canReach(account, path)));
    test.skip(!reachable.every(Boolean), 'an ordinary user cannot read this checkout');
    await chmod(dataDir, 0o777);
    const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
    const asOrdinary = ['setpriv', ...ids, process.execPath, holder] as const;
    const first = spawnHolder({ command: asOrdinary });
    const before = await announced(first);
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(account.uid);
    await first.kill('SIGKILL');
    expect(await announced(spawnHolder({ command: asOrdinary }))).toEqual({ ...before, adopted: true });
  });
});

describe('prepareBinaries', () => {
  it('copies the programs, with the links that are missing, to where the account can reach them, once', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'waybill-binaries-'));
    try {
      // As npm lays it out without install scripts, below a directory that only its owner may enter.
      const installed = join(dir, 'closed', 'package');
      await cp(dirname(nativeDir()), installed, {
        recursive: true,
        filter: async (source) => !(await lstat(source)).isSymbolicLink(),
      });
      await chmod(join(dir, 'closed'), 0o700);
      await chmod(dir, 0o755);
      const copyDir = join(dir, 'copies');
      // Owner of nothing and member of no group: reaches what is open to all.
      const stranger = { uid: 54_321, gid: 54_321 };
      const options = { account: stranger, copyDir, native: join(installed, 'native') };

      const bin = await prepareBinaries(options);
      expect(bin).toMatch(new RegExp(`^${copyDir}/postgresql-18\\.[^/]+/native/bin$`));
      expect(await prepareBinaries(options)).toBe(bin);
      expect(await canReach(stranger, join(bin, 'postgres'))).toBe(true);
      expect(await readlink(join(bin, '..', 'lib', 'libpq.so.5'))).toMatch(/^libpq\.so\.5\.\d+$/);
      expect(await readdir(copyDir)).toHaveLength(1);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('makes missing links in place when it may', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'waybill-binaries-'));
    try {
      await cp(dirname(nativeDir()), dir, {
        recursive: true,
        filter: async (source) => !(await lstat(source)).isSymbolicLink(),
      });
      const bin = await prepareBinaries({ account: null, copyDir: '/nonexistent', native: join(dir, 'native') });
      expect(bin).toBe(join(dir, 'native', 'bin'));
      expect(await readlink(join(dir, 'native', 'lib', 'libpq.so.5'))).toMatch(/^libpq\.so\.5\.\d+$/);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe('a test run', () => {
  it('leaves no server behind when it is killed', async () => {
    const held = spawnHolder();
    const { pid, clusterDir } = await announced(held);
    await remove();
    await held.exited;
    expect(await livePostmaster({ dir: clusterDir })).toBeNull();
    await eventually(async () => (await stat(`/proc/${pid}`).catch(() => null)) === null);
    await expect(stat(dataDir)).rejects.toThrow('ENOENT');
  });
});
