import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { eventually } from '../support/wait.ts';
import { openShop, type Ran, runCommand } from './command.ts';

describe('waybill retention', () => {
  const database = useDatabase();
  let orderId = '';
  const waybill = (...argv: string[]): Promise<Ran> => runCommand(database.url(), argv);

  beforeAll(async () => {
    const shop = await openShop(database.url(), 'MOUSE');
    shop.work();
    orderId = await shop.order('success');
    const finished = async (): Promise<boolean> =>
      (await database.pg().query('select from actors.ended')).rowCount === 2;
    await eventually(finished, { what: 'the end of the order and of its notice' });
    await shop.close();
    await database.pg().query(`
      create or replace function actors.clock() returns timestamptz language sql volatile
        as $$ select clock_timestamp() + interval '31 days' $$`);
  });

  it('without a period it is told nothing and does nothing: exit code 2', async () => {
    expect(await waybill('retention')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'waybill: nothing is ever dropped: set RETENTION_DAYS, or give --days\n',
    });
    expect((await waybill('retention', '--days', '0')).code).toBe(2);
  });

  it('nothing is old enough: says so', async () => {
    expect(await waybill('retention', '--days', '32', '--dry-run')).toMatchObject({
      code: 0,
      stdout: 'would drop 0 actors, 0 transitions, ended more than 32 days ago\n',
    });
  });

  it('--dry-run tells what would go, and leaves it there', async () => {
    const dry = (await waybill('--json', 'retention', '--days', '30', '--dry-run')).json();
    expect(dry).toEqual({
      older_than_days: 30,
      dry_run: true,
      rows: { actors: 2, transitions: expect.any(Number) as number },
    });
    expect((await waybill('--json', 'retention', '--days', '30', '--dry-run')).json()).toEqual(dry);
  });

  it('drops it, once; the order is still listed, its history said to be gone, the audit clean', async () => {
    expect((await waybill('--json', 'retention', '--days', '30')).json()).toEqual({
      older_than_days: 30,
      dry_run: false,
      rows: { actors: 2, transitions: expect.any(Number) as number, operations: 0, notices: 1 },
    });
    expect((await waybill('retention', '--days', '30')).stdout).toMatch(/^dropped 0 actors, 0 transitions, /);
    const listed = (await waybill('--json', 'orders', 'list')).json();
    expect(listed).toMatchObject([{ order_ledger_id: orderId, status: 'COMPLETED' }]);
    expect((await waybill('orders', 'history', orderId)).stdout).toMatch(
      /: ended long ago, its history was dropped at /,
    );
    expect((await waybill('--json', 'orders', 'history', orderId)).json()).toEqual([]);
    expect((await waybill('orders', 'retry', orderId)).code).toBe(1);
    expect((await waybill('audit')).code).toBe(0);
  });
});
