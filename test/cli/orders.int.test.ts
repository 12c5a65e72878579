import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { eventually } from '../support/wait.ts';
import { openShop, type Ran, runCommand, userId } from './command.ts';

describe('waybill orders', () => {
  const database = useDatabase();
  const orders = { completed: '', declined: '', waiting: '', productId: '' };

  const waybill = (...argv: string[]): Promise<Ran> => runCommand(database.url(), ['orders', ...argv]);

  beforeAll(async () => {
    const shop = await openShop(database.url(), 'MOUSE');
    shop.work();
    orders.productId = shop.productId;
    orders.completed = await shop.order('success');
    orders.declined = await shop.order('decline_stolen');
    await eventually(async () => (await shop.ledger.find(orders.completed))?.ended);
    await shop.close();
    // Accepted by an edge without workers: stands where the next local step is due.
    const edge = await openShop(database.url(), 'MOUSE-2');
    orders.waiting = await edge.order('success');
    await edge.close();
  });

  it('list: newest first, as a table and as JSON', async () => {
    const table = await waybill('list');
    expect(table.code).toBe(0);
    expect(table.stderr).toBe('');
    const lines = table.stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
      ['ORDER', 'STATUS', 'REASON', 'TOTAL'],
      [orders.waiting, 'AUTHORIZED', '29.99 USD', expect.any(String)],
      [orders.declined, 'AUTHORIZATION_FAILED', 'payment_declined', '29.99 USD'],
      [orders.completed, 'COMPLETED', '29.99 USD', expect.any(String)],
    ]);
    const json = await waybill('list', '--json');
    expect(json.json()).toEqual([
      expect.objectContaining({ order_ledger_id: orders.waiting, status: 'AUTHORIZED', user_id: userId }),
      expect.objectContaining({ order_ledger_id: orders.declined, status: 'AUTHORIZATION_FAILED' }),
      expect.objectContaining({ order_ledger_id: orders.completed, status: 'COMPLETED', total_cents: 2_999 }),
    ]);
  });

  it('list: --status and --limit narrow it', async () => {
    expect((await waybill('list', '--status', 'completed', '--json')).json()).toEqual([
      expect.objectContaining({ order_ledger_id: orders.completed }),
    ]);
    expect((await waybill('list', '--limit', '1', '--json')).json()).toEqual([
      expect.objectContaining({ order_ledger_id: orders.waiting }),
    ]);
    const none = await waybill('list', '--status', 'CANCELLED');
    expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 0, stdout: 'no orders\n' });
  });

  it.each([
    ['list', '--status', 'SHIPPED'],
    ['list', '--limit', '0'],
    ['list', '--limit', 'many'],
    ['show'],
    ['cancel', '1', '2'],
    ['retry', '1', '--by', ' '],
    ['discard', '1'],
  ])('wrong use ends with 2: orders %s %s %s', async (...argv) => {
    expect((await waybill(...argv)).code).toBe(2);
  });

  it('show: the order as it stands, as a table and as JSON', async () => {
    const table = await waybill('show', orders.completed);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(new RegExp(`^order +${orders.completed}\nstatus +COMPLETED\n`));
    expect(table.stdout).toMatch(/^captured +29\.99 USD$/m);
    expect(table.stdout).toMatch(new RegExp(`^${orders.productId} +1 +29\\.99 USD$`, 'm'));
    const json = await waybill('show', '--json', orders.completed);
    expect(json.json()).toMatchObject({
      order_ledger_id: orders.completed,
      status: 'COMPLETED',
      payment: { status: 'captured', captured_cents: 2_999 },
      allowed_actions: [],
    });
  });

  it('show: an id may be typed in capitals', async () => {
    const shown = await waybill('show', orders.waiting.toUpperCase(), '--json');
    expect(shown.json()).toMatchObject({ order_ledger_id: orders.waiting, allowed_actions: ['cancel'] });
  });

  it.each(['show', 'cancel', 'retry', 'history'])('%s: an unknown id is one line and exit code 1', async (command) => {
    for (const id of ['018f0000-0000-7000-8000-000000000000', 'not-a-uuid']) {
      const told = await waybill(command, id);
      expect(told).toMatchObject({ code: 1, stdout: '', stderr: `waybill: there is no order ${id}\n` });
      const json = await waybill(command, id, '--json');
      expect({ code: json.code, body: json.json() }).toEqual({ code: 1, body: { error: 'order_not_found' } });
    }
  });

  it('history: every transition, oldest first', async () => {
    const table = await waybill('history', orders.declined);
    const lines = table.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^# +AT +EVENT +TO +STATUS +ASKED FOR$/);
    expect(lines[1]).toMatch(/^1 .* authorizing\.calling +AWAITING_AUTHORIZATION +payments\.authorize$/);
    expect(lines[2]).toMatch(/^2 .*\(refused\) +authorizationFailed +AUTHORIZATION_FAILED$/);
    expect(lines).toHaveLength(3);
    const json = await waybill('history', orders.completed, '--json');
    const steps = json.json() as { revision: number; to: string }[];
    expect(steps.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(steps.at(-1)).toMatchObject({ to: 'completed' });
  });

  it('retry: an order that is not parked is left alone, exit code 1', async () => {
    const told = await waybill('retry', orders.waiting, '--by', 'alice', '--why', 'impatience');
    expect(told.code).toBe(1);
    expect(told.stderr).toBe(
      `waybill: ${orders.waiting}: in fulfilling.creatingOrder.calling it accepts CANCEL, not RETRY\n`,
    );
    const json = await waybill('retry', orders.completed, '--json');
    expect({ code: json.code, body: json.json() }).toEqual({
      code: 1,
      body: { error: 'not_accepted', id: orders.completed, state: 'completed', accepts: [] },
    });
    expect((await database.pg().query('select from actors.operation')).rowCount).toBe(0);
  });

  it('cancel: one past recall stays as it is, exit code 1', async () => {
    const told = await waybill('cancel', orders.completed);
    expect(told).toMatchObject({
      code: 1,
      stderr: `waybill: ${orders.completed}: is COMPLETED, which cannot be cancelled any more\n`,
    });
    const json = await waybill('cancel', orders.declined, '--json');
    expect({ code: json.code, body: json.json() }).toEqual({
      code: 1,
      body: { error: 'not_cancellable', order_ledger_id: orders.declined, status: 'AUTHORIZATION_FAILED' },
    });
  });

  it('cancel: what is accepted the workers carry out', async () => {
    const told = await waybill('cancel', orders.waiting);
    expect(told).toMatchObject({
      code: 0,
      stdout: `${orders.waiting}: will be cancelled, now AUTHORIZED\n`,
      stderr: '',
    });
    const shop = await openShop(database.url(), 'MOUSE-3');
    shop.work();
    await eventually(async () => (await shop.ledger.find(orders.waiting))?.ended);
    await shop.close();
    expect((await waybill('show', orders.waiting, '--json')).json()).toMatchObject({
      status: 'CANCELLED',
      failure: { code: 'cancelled_by_customer' },
      payment: { status: 'voided', voided_cents: 2_999 },
    });
  });
});

describe('waybill orders on a database without its schema', () => {
  const database = useDatabase();

  it('says in one line what to do', async () => {
    await database.pg().query('drop table waybill.migration');
    const told = await runCommand(database.url(), ['orders', 'list']);
    expect({ code: told.code, stdout: told.stdout }).toEqual({ code: 1, stdout: '' });
    expect(told.stderr).toMatch(/^waybill: the database lacks .*: run waybill migrate\n$/);
  });
});
