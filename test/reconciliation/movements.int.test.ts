/** What moves at the gateway of payments that the walk through the newest does not reach any more. */
import { describe, expect, it } from 'vitest';
import { storeClock } from '../../src/persistence/operations.ts';
import type { Walker } from '../../src/reconciliation/both-ways.ts';
import { gatewayBooks } from '../../src/reconciliation/gateway-books.ts';
import { followMovements } from '../../src/reconciliation/movements.ts';
import { moneyOf, moneyPage } from '../../src/services/ledger/money.ts';
import { gatewayOf, graceMs, never, useBooks } from './shop.ts';

const books = useBooks();

/** An order of long ago. */
const old = async (): Promise<string> => {
  const id = await books.ordered('success', 'COMPLETED');
  await books.tamper(id, `created_at = created_at - interval '100 days'`);
  await books.rests();
  return id;
};
const chargeBack = async (id: string): Promise<void> =>
  books.post(`/payments/refund/${await books.authorizationOf(id)}`, {
    amount_cents: 100,
    idempotency_key: `desk-${id}`,
  });

interface Watched extends Walker {
  /** Orders whose payment was asked for singly. */
  readonly asked: string[];
  readonly pages: string[];
  readonly found: string[];
}
function watched(singles: 'answered' | 'unavailable' = 'answered'): Watched {
  const asked: string[] = [];
  const pages: string[] = [];
  const found: string[] = [];
  const transport = gatewayOf(books.shop.app, (path, send) => {
    if (!path.startsWith('/payments?')) {
      pages.push(path.split('?', 1)[0] ?? '');
      return send();
    }
    asked.push(decodeURIComponent(path).slice('/payments?idempotency_key='.length).split(':', 1)[0] ?? '');
    return singles === 'answered' ? send() : Promise.resolve({ status: 503, body: null });
  });
  const pool = books.pool();
  const ignored = (): void => {};
  return {
    asked,
    pages,
    found,
    pool,
    books: gatewayBooks(transport, never),
    observer: { found: ({ kind, orderId }) => void found.push(`${kind} ${orderId}`), closed: ignored, fault: ignored },
    moneyOf: (ids) => moneyOf(pool, ids),
    moneyPage: (page) => moneyPage(pool, page),
    sagasOf: () => Promise.resolve(new Map()),
    clock: () => storeClock(pool),
    graceMs,
  };
}

describe('followMovements', () => {
  it('finds a charge-back on an old payment without a walk, and goes on from there', async () => {
    const ids = [await old(), await old()];
    const one = watched();
    let position: Awaited<ReturnType<typeof followMovements>> = null;
    for (const id of ids) {
      await chargeBack(id);
      position = await followMovements(one, position, never);
    }
    expect(one.found).toEqual(ids.map((id) => `money_returned ${id}`));
    expect(one.pages).toEqual(['/payments/movements', '/payments/movements']);
    // A line of a moment ago is looked at once more: it may have come behind one that was read before it.
    expect(one.asked.slice(-2).sort()).toEqual([...ids].sort());
  });

  it('a gateway that is away is a fault: the next turn goes back as far as this one was to', async () => {
    const id = await old();
    const position = await followMovements(watched(), null, never);
    await chargeBack(id);
    await expect(followMovements(watched('unavailable'), position, never)).rejects.toThrow(
      'GET /payments answered 503',
    );
    const one = watched();
    await followMovements(one, position, never);
    expect(one.found).toEqual([`money_returned ${id}`]);
  });

  it('what moved long before the last turn is not looked at again', async () => {
    await chargeBack(await old());
    const position = await followMovements(watched(), null, never);
    const one = watched();
    await followMovements(one, { followedToMs: Number(position?.followedToMs) + 60_000 }, never);
    expect(one.asked).toEqual([]);
  });

  it('what moves while its order is new is the saga’s own, and left to the walk through the newest', async () => {
    const id = await books.ordered('success', 'COMPLETED');
    await books.rests();
    const one = watched();
    await followMovements(one, null, never);
    expect(one.asked).not.toContain(id);
  });
});
