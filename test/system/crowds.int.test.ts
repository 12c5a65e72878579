/** Many at once: one key, one scarce product, the same products in opposite order. */
import { beforeAll, expect, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { onEachBackend, type Stack } from '../support/stack.ts';

onEachBackend('crowds', (kit) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await kit.start({ EDGE_BUDGET_MS: '10000', REDELIVERY_MS: '1000' });
  });

  it('20 requests with one key are one order, and get the same bytes', async () => {
    const productId = await stack.shop.product({ stock: 100 });
    const placement = { items: [{ productId, quantity: 3 }], key: 'twenty-at-once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => stack.shop.place(placement)));
    expect(
      new Set(answers.map(({ status, text, headers }) => [status, text, headers['location']].join('\n'))).size,
    ).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(19);
    await kit.settled();
    expect(await kit.stock(productId)).toEqual({ onHand: 97, reserved: 0 });
    const gateway = await kit
      .pg()
      .query('select sum(captured_cents)::int4 as cents, count(*)::int4 as payments from payments.payment');
    expect(gateway.rows).toEqual([{ cents: 3 * 2_999, payments: 1 }]);
  });

  it('50 orders for 10 pieces sell exactly 10', async () => {
    const productId = await stack.shop.product({ stock: 10 });
    const items = [{ productId, quantity: 1 }];
    const ids = await Promise.all(Array.from({ length: 50 }, () => stack.shop.placed({ items })));
    await kit.settled();
    const ends = (await Promise.all(ids.map((id) => kit.facts(id)))).map(({ status, failure, payment }) =>
      [status, failure, payment].join(),
    );
    expect(ends.filter((end) => end === 'COMPLETED,,captured 2999')).toHaveLength(10);
    expect(ends.filter((end) => end === 'FAILED,insufficient_stock,voided')).toHaveLength(40);
    expect(await kit.stock(productId)).toEqual({ onHand: 0, reserved: 0 });
  });

  it('orders of the same products in opposite order neither deadlock nor get lost, in three processes at once', async () => {
    // One process commits one batch at a time: only several can get into each other's way.
    const stacks = [stack, await kit.start(), await kit.start()];
    const products = await Promise.all(Array.from({ length: 6 }, () => stack.shop.product({ stock: 1_000 })));
    const rounds = 5;
    const perRound = 24;
    for (let round = 0; round < rounds; round += 1) {
      const placing = Array.from({ length: perRound }, async (_, n) => {
        const items = products.map((productId) => ({ productId, quantity: 1 }));
        await stacks[n % stacks.length]?.shop.placed({ items: n % 2 === 0 ? items : items.toReversed() });
      });
      await Promise.all(placing);
    }
    await kit.settled();
    const sold = { onHand: 1_000 - rounds * perRound, reserved: 0 };
    expect(await Promise.all(products.map(kit.stock))).toEqual(products.map(() => sold));
    const { rows } = await kit
      .pg()
      .query('select deadlocks::int4 from pg_stat_database where datname = current_database()');
    expect(rows).toEqual([{ deadlocks: 0 }]);
    await Promise.all(stacks.slice(1).map((other) => other.close()));
  });

  it('two processes share the orders of one crowd, and neither does what the other has done', async () => {
    const other = await kit.start();
    const productId = await stack.shop.product({ stock: 200 });
    const placing = Array.from({ length: 100 }, (_, n) =>
      (n % 2 === 0 ? stack : other).shop.placed({ items: [{ productId, quantity: 1 }], key: `shared-${n >> 1}` }),
    );
    const ids = await Promise.all(placing);
    // Each key went to both.
    expect(new Set(ids).size).toBe(50);
    await kit.settled();
    expect(await kit.stock(productId)).toEqual({ onHand: 150, reserved: 0 });
    await other.close();
  });

  it('connections to Postgres are cut again and again: answered once per key, and nothing half done', async () => {
    const productId = await stack.shop.product({ stock: 100 });
    const load = startLoad(stack.shop, { clients: 10, tokens: ['tok_visa'], items: [{ productId, quantity: 1 }] });
    let cut = 0;
    for (let times = 0; times < 6; times += 1) {
      await load.goesOn(8);
      const { rowCount } = await kit.pg().query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`,
      );
      cut += rowCount ?? 0;
    }
    await load.stop();
    expect(cut, 'transactions that were cut').toBeGreaterThan(0);
    await kit.settled();
    expect(load.answers.size).toBeGreaterThanOrEqual(48);
    expect(await kit.stock(productId)).toEqual({ onHand: 100 - load.answers.size, reserved: 0 });
  });
});
