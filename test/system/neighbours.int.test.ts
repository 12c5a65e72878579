/** One actor that is broken, or held by somebody, beside many that are not: it alone stands still. */
import { expect, it } from 'vitest';
import { useStack } from '../support/stack.ts';
import { eventually } from '../support/wait.ts';

const kit = useStack('postgres');

it('of 50 orders three are poisoned, each in its own way: those are parked, 47 complete, and RETRY completes the mended', async () => {
  const edge = await kit.start({ ROLE: 'edge,inventory,orders,payments', EDGE_BUDGET_MS: '20000' });
  const productId = await edge.shop.product({ stock: 100 });
  const ids = await Promise.all(
    Array.from({ length: 50 }, () => edge.shop.placed({ items: [{ productId, quantity: 1 }] })),
  );
  const poisons = [
    { change: `jsonb_set(snapshot, '{value}', '"gone"')`, reason: /gone/ },
    { change: `snapshot #- '{context,items}'`, reason: /./ },
    { change: `jsonb_set(snapshot, '{context,filler}', to_jsonb(repeat('x', 300000)))`, reason: /more than 262144/ },
  ];
  const poisoned = ids.slice(10, 10 + poisons.length);
  const harmless = await kit
    .pg()
    .query<{ id: string; snapshot: unknown }>('select id, snapshot from actors.actor where id = any($1)', [poisoned]);
  for (const [i, { change }] of poisons.entries())
    await kit.pg().query(`update actors.actor set snapshot = ${change} where id = $1`, [poisoned[i]]);

  await kit.start({ ROLE: 'worker', REDELIVERY_MS: '500' });
  await kit.settled();
  const parked = await kit
    .pg()
    .query<{ id: string; by: string; reason: string }>(
      'select id, parked_by as by, park_reason as reason from actors.actor where parked_at is not null',
    );
  expect(Object.fromEntries(parked.rows.map(({ id, by }) => [id, by]))).toEqual(
    Object.fromEntries(poisoned.map((id) => [id, 'runtime'])),
  );
  for (const [i, { reason }] of poisons.entries())
    expect(parked.rows.find(({ id }) => id === poisoned[i])?.reason).toMatch(reason);
  const statuses = await Promise.all(ids.map(async (id) => (await kit.facts(id)).status));
  expect(Object.groupBy(statuses, (status) => status)['COMPLETED']).toHaveLength(47);

  for (const { id, snapshot } of harmless.rows) {
    await kit.pg().query('update actors.actor set snapshot = $2 where id = $1', [id, JSON.stringify(snapshot)]);
    await edge.shop.operate(id, { type: 'RETRY' });
  }
  await kit.settled();
  expect(await Promise.all(ids.map(async (id) => (await kit.facts(id)).status))).toEqual(ids.map(() => 'COMPLETED'));
  expect(await kit.stock(productId)).toEqual({ onHand: 50, reserved: 0 });
});

it('a row that another session holds locked: its order waits, and who cancels it; the others are placed and completed', async () => {
  const stack = await kit.start({ REDELIVERY_MS: '500', EDGE_BUDGET_MS: '60000' });
  const productId = await stack.shop.product({ stock: 100 });
  const items = [{ productId, quantity: 1 }];
  const held = stack.shop.placed({ items, key: 'held', token: 'tok_flaky_1' });
  const id = await kit.orderIdOf('held');
  await kit.reaches(id, /authorizing\.backingOff/);
  const locker = await kit.pg().connect();
  await locker.query('begin');
  await locker.query('select from actors.actor where id = $1 for update', [id]);
  await kit.clock.skipBackoffs();
  const isBrought = async (): Promise<boolean> => {
    const { rowCount } = await kit.pg().query('select from actors.wake where actor_id = $1 and redeliveries > 1', [id]);
    return rowCount === 1;
  };
  await eventually(isBrought, { what: 'wake-ups that pass it by' });
  const cancelling = stack.shop.cancel(id);
  const waits = async (): Promise<boolean> => {
    const { rows } = await kit
      .pg()
      .query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`);
    return rows.length > 0;
  };
  await eventually(waits, { what: 'a commit that waits for the lock' });
  const others = await Promise.all(Array.from({ length: 20 }, () => stack.shop.placed({ items })));
  await Promise.all(others.map((other) => kit.ends(other, 'COMPLETED')));
  expect((await kit.facts(id)).status).toBe('AWAITING_AUTHORIZATION');
  await locker.query('rollback');
  locker.release();
  expect((await cancelling).status).toBe(202);
  expect(await held).toBe(id);
  await kit.ends(id, 'CANCELLED');
});
