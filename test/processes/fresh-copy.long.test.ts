/** A fresh copy of the sources, installed and started as the README says: as root, and as anybody else on an old Node. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, livePostmaster } from '../../src/persistence/postgres-cluster.ts';
import { spawnWaybill } from '../support/process.ts';
import { openShop, overHttp } from '../support/shop.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const isRoot = process.getuid?.() === 0;
/** Without this project's own Node 24: the machine's, whatever it is. */
const machinePath = (process.env['PATH'] ?? '')
  .split(':')
  .filter((dir) => !dir.includes('node_modules'))
  .join(':');

interface User {
  readonly title: string;
  readonly uid: number | null;
}

const users: readonly User[] = isRoot
  ? [
      { title: 'root', uid: null },
      { title: 'an ordinary user', uid: 65_534 },
    ]
  : [{ title: 'the user who tests', uid: null }];

describe.each(users)('a fresh copy, as $title', ({ uid }) => {
  let home: string;
  let checkout: string;
  let env: Readonly<Record<string, string | undefined>>;
  const as = uid === null ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'waybill-fresh-'));
    checkout = join(home, 'waybill');
    await copySources(checkout);
    await mkdir(join(home, 'cache'));
    if (uid === null) await chmod(home, 0o755);
    else await run('chown', ['-R', `${uid}:${uid}`, home]);
    env = {
      PATH: machinePath,
      HOME: uid === null ? process.env['HOME'] : home,
      npm_config_cache: join(home, 'cache'),
      // What a running npm or vitest tells its children is not for a fresh shell.
      ...Object.fromEntries(
        Object.keys(process.env)
          .filter((name) => /^(npm_|NODE_|VITEST)/i.test(name) && name !== 'npm_config_cache')
          .map((name) => [name, undefined]),
      ),
    };
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('npm ci, npm start, an order, Ctrl-C: nothing is left running', async () => {
    const install = spawnWaybill({
      command: ['setsid', ...as, 'npm'],
      args: ['ci', '--no-audit', '--no-fund'],
      cwd: checkout,
      env,
    });
    expect([await install.exited, install.output()]).toMatchObject([{ code: 0 }, expect.anything()]);

    const port = await freePort();
    const started = spawnWaybill({
      // A process group of its own, as a shell gives it one: Ctrl-C goes to all of it.
      command: ['setsid', ...as, 'npm'],
      args: ['start'],
      cwd: checkout,
      env: { ...env, PORT: String(port), MOCK_FAILURE_RATE: undefined, MOCK_LATENCY_MS: undefined },
    });
    await started.line(new RegExp(`Waybill is up at http://localhost:${port}`), { timeoutMs: 120_000 });
    const shop = openShop(overHttp(`http://127.0.0.1:${port}`));
    const productId = await shop.product({ stock: 10 });
    const id = await shop.placed({ items: [{ productId, quantity: 2 }] });
    await shop.until(id, 'COMPLETED', { timeoutMs: 60_000 });
    const cluster = { dir: join(checkout, '.waybill', 'postgres') };
    expect(await livePostmaster(cluster)).not.toBeNull();

    process.kill(-started.pid, 'SIGINT');
    await started.exited;
    expect(await livePostmaster(cluster)).toBeNull();
    expect(await processesIn(home)).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow('fetch failed');
    expect(started.output()).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });
});

/** What git has and what it would take: neither what it ignores, nor what is gone. */
async function copySources(to: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const path of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await cp(join(root, path), join(to, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Command lines of living processes that name this directory. */
async function processesIn(directory: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(directory));
}
