import { userInfo } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { installClock } from '../support/store-clock.ts';
import { eventually } from '../support/wait.ts';
import { openShop, type Ran, runCommand } from './command.ts';

const parkedState = 'compensating.undoingPayment.parked';

describe('waybill parked', () => {
  const database = useDatabase();
  let parked: readonly string[] = [];
  let completed = '';

  const waybill = (...argv: string[]): Promise<Ran> => runCommand(database.url(), argv);
  const rows = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await database.pg().query(text, values)).rows as Record<string, unknown>[];
  const stateOf = async (id: string | undefined) =>
    (await rows('select state from actors.actor where id = $1', [id]))[0]?.['state'];

  beforeAll(async () => {
    const clock = await installClock(database.pg());
    const shop = await openShop(database.url(), 'MOUSE', clock);
    shop.work();
    completed = await shop.order('success');
    parked = [];
    for (let n = 0; n < 4; n += 1) parked = [...parked, await shop.order('capture_declined_void_fails_9')];
    await eventually(
      async () => {
        const states = (await rows('select state from actors.actor where id = any($1)', [parked])).map(
          ({ state }) => state,
        );
        if (states.every((state) => state === parkedState)) return true;
        await clock.skipBackoffs();
        return false;
      },
      { timeoutMs: 25_000, what: 'all four are parked' },
    );
    await shop.close();
  });

  it('list: who, where, why and since when; exit code 0', async () => {
    const table = await waybill('parked', 'list');
    expect(table).toMatchObject({ code: 0, stderr: '' });
    const lines = table.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^FOR +ACTOR +MACHINE +STATE +PARKED BY +REASON$/);
    expect(new Set(lines.slice(1).map((line) => line.split(/ {2,}/)[1]))).toEqual(new Set(parked));
    const body = (await waybill('--json', 'parked', 'list')).json() as Record<string, unknown>[];
    expect(body).toHaveLength(4);
    expect(body[0]).toEqual({
      id: expect.any(String),
      machine: 'order',
      state: parkedState,
      parked_by: 'machine',
      reason: expect.any(String),
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      age_ms: expect.any(Number),
    });
    // By the store's clock, which is minutes ahead of this machine's.
    const [clock] = await rows('select actors.to_ms(actors.clock()) as ms');
    const saidAtMs = Date.parse(String(body[0]?.['since'])) + Number(body[0]?.['age_ms']);
    expect(Math.abs(Number(clock?.['ms']) - saidAtMs)).toBeLessThan(10_000);
  });

  it.each([
    ['retry', '--by', 'alice', '--why', 'gateway is back'],
    ['retry', 'some-id', '--all', '--by', 'alice', '--why', 'gateway is back'],
    ['retry', 'some-id', '--by', 'alice'],
    ['retry', 'some-id', '--why', 'gateway is back'],
    ['resolve', 'some-id', '--by', 'alice', '--why', 'paid back', '--voided-cents', '2999'],
    ['resolve', 'some-id', '--by', 'alice', '--why', 'paid back', '--voided-cents', '-1', '--refunded-cents', '0'],
    ['resolve', 'some-id', '--by', 'alice', '--why', 'paid back', '--voided-cents', '29.99', '--refunded-cents', '0'],
    [
      'resolve',
      'some-id',
      '--by',
      'alice',
      '--why',
      'paid back',
      '--voided-cents',
      '3000000000',
      '--refunded-cents',
      '0',
    ],
  ])('wrong use ends with 2: parked %s %s %s %s %s %s %s %s %s', async (...argv) => {
    expect((await waybill('parked', ...argv)).code).toBe(2);
  });

  it('retry: those named go on, who and why is recorded; an unknown one makes it exit code 1', async () => {
    const id = String(parked[0]);
    const told = await waybill('parked', 'retry', id, 'nobody', '--by', 'alice', '--why', 'gateway is back');
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(new RegExp(`^${id}: RETRY applied, now at revision \\d+\n$`));
    expect(told.stderr).toBe('waybill: nobody: there is no such actor\n');
    expect(await stateOf(id)).toBe('compensating.undoingPayment.calling');
    expect(await rows('select actor_id, event, by, why from actors.operation')).toEqual([
      { actor_id: id, event: { type: 'RETRY' }, by: 'alice', why: 'gateway is back' },
    ]);
    expect(await rows('select actor_id from actors.wake where actor_id = $1', [id])).toEqual([{ actor_id: id }]);
  });

  it('retry: one that is not parked is left alone', async () => {
    const json = await waybill('parked', 'retry', completed, '--by', 'alice', '--why', 'curiosity', '--json');
    expect({ code: json.code, body: json.json() }).toEqual({
      code: 1,
      body: [{ id: completed, type: 'not_accepted', state: 'completed', accepts: [] }],
    });
  });

  it('resolve: the settlement is recorded, and the order goes on behind the undo', async () => {
    const id = String(parked[1]);
    const amounts = ['--voided-cents', '2999', '--refunded-cents', '0'];
    const told = await waybill(
      'parked',
      'resolve',
      id,
      '--by',
      'bob',
      '--why',
      'voided at the bank',
      ...amounts,
      '--json',
    );
    expect({ code: told.code, body: told.json() }).toEqual({
      code: 0,
      body: { id, type: 'applied', revision: expect.any(Number) },
    });
    expect(await stateOf(id)).toBe('compensating.releasingStock.calling');
    const shown = await waybill('orders', 'show', id);
    expect(shown.stdout).toMatch(
      /^settled by hand +voided 29\.99 USD, refunded 0\.00 USD \(bob: voided at the bank\)$/m,
    );
    const again = await waybill('parked', 'resolve', id, '--by', 'bob', '--why', 'twice', ...amounts);
    expect(again).toMatchObject({
      code: 1,
      stderr: `waybill: ${id}: in compensating.releasingStock.calling it accepts nothing, not RESOLVE\n`,
    });
  });

  it('orders retry: without --by it is the account that did it', async () => {
    const id = String(parked[2]);
    const told = await waybill('orders', 'retry', id, '--json');
    expect({ code: told.code, body: told.json() }).toEqual({
      code: 0,
      body: { order_ledger_id: id, revision: expect.any(Number) },
    });
    expect(await rows('select by, why from actors.operation where actor_id = $1', [id])).toEqual([
      { by: userInfo().username, why: 'waybill orders retry' },
    ]);
  });

  it('retry --all: whoever is left goes on, and nothing is parked afterwards', async () => {
    const told = await waybill('parked', 'retry', '--all', '--by', 'alice', '--why', 'gateway is back', '--json');
    expect({ code: told.code, body: told.json() }).toEqual({
      code: 0,
      body: [{ id: parked[3], type: 'applied', revision: expect.any(Number) }],
    });
    expect(await waybill('parked', 'list')).toMatchObject({ code: 0, stdout: 'nothing is parked\n' });
    expect((await waybill('parked', 'list', '--json')).json()).toEqual([]);
    expect(await waybill('parked', 'retry', '--all', '--by', 'alice', '--why', 'once more')).toMatchObject({
      code: 0,
      stdout: 'nothing is parked\n',
    });
  });
});
