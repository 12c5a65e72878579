/** A private Redis for a test, where the machine has the program. */
import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/persistence/postgres-cluster.ts';
import { reaper } from './reaper.ts';

export interface TestRedis {
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** Kills it: what was in it is gone. Harmless when repeated. */
  stop(): Promise<void>;
}

const maxTries = 5;

export interface RedisOptions {
  /** Start again where one was stopped; default a free one. */
  readonly port?: number;
  /** Keep what it is told on disk, synced this often; default: it keeps nothing. */
  readonly appendFsync?: 'everysec' | 'always';
}

/**
 * Starts a Redis that never evicts, and keeps nothing on disk unless it is told to.
 * @returns `null` when there is no `redis-server` here; with REQUIRE_REDIS=1 that is an error
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis | null> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const result = await tryStart(port, options.appendFsync);
    switch (result.type) {
      case 'started':
        return result.redis;
      case 'absent':
        if (process.env['REQUIRE_REDIS'] === '1') throw new Error('REQUIRE_REDIS=1, but there is no redis-server here');
        return null;
      case 'ended':
        // Somebody else took the port between the look and the start.
        if (attempt === maxTries) throw new Error(`redis-server ended:\n${result.output}`);
    }
  }
}

type Attempt =
  | { readonly type: 'started'; readonly redis: TestRedis }
  | { readonly type: 'absent' }
  | { readonly type: 'ended'; readonly output: string };

async function tryStart(port: number, appendFsync: RedisOptions['appendFsync']): Promise<Attempt> {
  const dir = await mkdtemp(join(tmpdir(), 'waybill-redis-'));
  const removeDir = reaper().watchDataDir(dir);
  const kept = appendFsync ? { appendonly: 'yes', appendfsync: appendFsync } : { appendonly: 'no' };
  const settings = { port, bind: '127.0.0.1', save: '', ...kept, 'maxmemory-policy': 'noeviction', dir };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const attempt = await new Promise<Attempt>((settle) => {
    let output = '';
    child.once('error', () => settle({ type: 'absent' }));
    child.once('exit', () => settle({ type: 'ended', output }));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const { pid } = child;
      if (pid === undefined || !output.includes('Ready to accept connections')) return;
      const kill = reaper().watchProcess(pid);
      const stop = async (): Promise<void> => {
        await kill();
        await removeDir();
      };
      settle({ type: 'started', redis: { url: `redis://127.0.0.1:${port}`, pid, port, stop } });
    });
  });
  if (attempt.type !== 'started') await removeDir();
  return attempt;
}
