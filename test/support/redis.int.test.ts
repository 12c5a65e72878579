import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { startRedis } from './redis.ts';

describe('startRedis', () => {
  it('starts one that never evicts and keeps nothing, and takes it away whole', async (test) => {
    const redis = await startRedis();
    test.skip(redis === null, 'no redis-server here');
    const { url = '', port = 0, stop } = redis ?? {};
    const client = new Redis(url);
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await client.config('GET', 'save')).toEqual(['save', '']);
    await client.set('key', 'value');
    client.disconnect();
    await stop?.();
    await stop?.();
    const refused = await new Promise((settle) => connect(port, '127.0.0.1').once('error', settle));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });

    const again = await startRedis({ port });
    const empty = new Redis(again?.url ?? '');
    expect(await empty.dbsize()).toBe(0);
    empty.disconnect();
    await again?.stop();
  });

  it('without the program: null, or an error where it is required', async () => {
    vi.stubEnv('PATH', '/nonexistent');
    vi.stubEnv('REQUIRE_REDIS', '');
    expect(await startRedis()).toBeNull();
    vi.stubEnv('REQUIRE_REDIS', '1');
    await expect(startRedis()).rejects.toThrow('REQUIRE_REDIS=1, but there is no redis-server here');
    vi.unstubAllEnvs();
  });
});
