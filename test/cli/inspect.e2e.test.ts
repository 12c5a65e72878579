/** `waybill inspect` as somebody types it, beside a `waybill start` on embedded defaults. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnWaybill, type WaybillProcess } from '../support/process.ts';
import { openShop, overHttp, type Shop } from '../support/shop.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { connectSocket, shakeHands } from '../support/web-socket.ts';

interface Addresses {
  readonly order_ledger_id: string;
  readonly url: string;
  readonly socket_url: string;
  readonly inspector_url: string;
}

describe('waybill inspect', () => {
  let directory: Awaited<ReturnType<typeof temporaryDataDir>>;
  let started: WaybillProcess;
  let shop: Shop;
  let id: string;
  const running: WaybillProcess[] = [];

  beforeAll(async () => {
    directory = await temporaryDataDir();
    started = spawnWaybill({ args: ['start', '--port', '0'], env: { DATA_DIR: directory.path } });
    const [, url = ''] = await started.line(/Waybill is up at (\S+)/);
    shop = openShop(overHttp(url));
    const productId = await shop.product({ stock: 5 });
    id = await shop.placed({ items: [{ productId, quantity: 1 }], token: 'tok_capture_declined' });
    await shop.until(id, 'FAILED', { timeoutMs: 30_000 });
  });
  afterAll(async () => {
    for (const one of running) await one.kill('SIGKILL');
    await started.kill('SIGTERM');
    await directory.remove();
  });

  const inspect = (...args: string[]): WaybillProcess => {
    const one = spawnWaybill({ args: ['inspect', ...args], env: { DATA_DIR: directory.path } });
    running.push(one);
    return one;
  };
  const addressesOf = async (one: WaybillProcess): Promise<Addresses> =>
    JSON.parse((await one.line(/^\{.*\}$/m))[0]) as Addresses;

  it('says where to look, what leaves and what stays, and ends on Ctrl-C', async () => {
    const one = inspect(id);
    const [, url = ''] = await one.line(/Open +(\S+)/);
    await one.line(/Ctrl-C ends/);
    expect(one.output()).toContain('https://stately.ai/inspect');
    expect(one.output()).toMatch(/needs the internet/);
    expect(one.output()).toMatch(/^Leaves .*\nStays .*e-mail.*payment tokens/m);
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect((await fetch(url)).status).toBe(200);
    await one.kill('SIGINT');
    expect(await one.exited).toEqual({ code: 0, signal: null });
    expect((await shop.find(id)).status).toBe('FAILED');
  });

  it('gives tools the same events over a WebSocket, and pages of other sites none', async () => {
    const one = inspect(id, '--json');
    const { socket_url: socketUrl, ...rest } = await addressesOf(one);
    expect(rest).toEqual({
      order_ledger_id: id,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      inspector_url: 'https://stately.ai/inspect',
    });
    const client = await connectSocket(socketUrl);
    expect((await client.closed).code).toBe(1000);
    const history = await shop.send({ method: 'GET', path: `/actors/${id}/history` });
    const { items } = history.json<{ items: { event: { type: string } }[] }>();
    const types = client.events.flatMap(({ type, event }) =>
      type === '@xstate.event' ? [(event as { type: string }).type] : [],
    );
    expect(types).toEqual(items.map(({ event }) => event.type));
    expect((await shakeHands(socketUrl, { origin: 'https://stately.ai' })).statusCode).toBe(403);
    await one.kill('SIGTERM');
    expect(await one.exited).toEqual({ code: 0, signal: null });
  });

  it('--once ends by itself when somebody has read the whole history, not with a client that left before', async () => {
    const one = inspect(id, '--once', '--json');
    const { socket_url: socketUrl } = await addressesOf(one);
    const { socket } = await shakeHands(socketUrl);
    socket?.destroy();
    const client = await connectSocket(socketUrl);
    await client.closed;
    expect(await one.exited).toEqual({ code: 0, signal: null });
    expect(client.events.length).toBeGreaterThan(10);
  });

  it('--once, stopped before anybody has read the history, exits 1 and says so', async () => {
    const one = inspect(id, '--once');
    await one.line(/Ends when the history has been shown once/);
    await one.kill('SIGINT');
    expect(await one.exited).toEqual({ code: 1, signal: null });
    expect(one.output()).toContain('waybill: stopped before anybody had read the history\n');
  });
});
