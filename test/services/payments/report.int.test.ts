import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { type Gateway, newKey, openGateway } from './gateway.ts';

const database = useDatabase();
let gateway: Gateway;
const ids: string[] = [];

interface Page {
  readonly items: readonly { readonly authorization_id: string }[];
  readonly next_cursor?: string;
}
const page = async (query: string): Promise<Page> => {
  const { text } = await gateway.get(`/payments/report${query}`);
  return JSON.parse(text) as Page;
};
const idsOf = ({ items }: Page): string[] => items.map(({ authorization_id: id }) => id);

beforeAll(async () => {
  gateway = await openGateway(database.pool());
  for (let n = 0; n < 5; n += 1) ids.unshift(await gateway.authorized('tok', newKey()));
});

describe('GET /payments/report', () => {
  it('all payments, newest first, as each is read alone', async () => {
    const { items, next_cursor: next } = await page('');
    expect({ ids: items.map(({ authorization_id: id }) => id), next }).toEqual({ ids, next: undefined });
    expect(items[0]).toEqual((await gateway.get(`/payments/${ids[0]}`)).body);
  });

  it('by pages, to the end; one that is new meanwhile disturbs none', async () => {
    const first = await page('?limit=2');
    ids.unshift(await gateway.authorized('tok', newKey()));
    const second = await page(`?limit=2&cursor=${first.next_cursor}`);
    const third = await page(`?limit=2&cursor=${second.next_cursor}`);
    expect([idsOf(first), idsOf(second), idsOf(third), third.next_cursor]).toEqual([
      ids.slice(1, 3),
      ids.slice(3, 5),
      ids.slice(5, 6),
      undefined,
    ]);
  });

  it('a full last page has no next one', async () => {
    const { next_cursor: next } = await page(`?limit=${ids.length}`);
    expect(next).toBeUndefined();
  });

  it.each(['?limit=0', '?limit=501', '?limit=a', '?cursor=a', '?other=1'])('%s is a bad request', async (query) => {
    expect(await gateway.get(`/payments/report${query}`)).toMatchObject({
      status: 400,
      body: { error: 'validation_error' },
    });
  });
});

describe('GET /payments/movements', () => {
  interface Moves {
    readonly items: readonly { readonly authorization_id: string; readonly kind: string }[];
    readonly next_cursor?: string;
  }
  const moves = async (query: string): Promise<Moves> =>
    JSON.parse((await gateway.get(`/payments/movements${query}`)).text) as Moves;

  it('what moved last comes first, however old its payment is, by pages', async () => {
    const oldest = ids.at(-1);
    await gateway.post(`/payments/capture/${oldest}`, { idempotency_key: newKey() });
    await gateway.post(`/payments/refund/${oldest}`, { idempotency_key: newKey(), amount_cents: 1 });
    const first = await moves('?limit=2');
    expect(first.items).toEqual([
      {
        authorization_id: oldest,
        idempotency_key: expect.any(String),
        kind: 'refund',
        amount_cents: 1,
        at: expect.any(String),
        authorized_at: expect.any(String),
      },
      expect.objectContaining({ authorization_id: oldest, kind: 'capture', amount_cents: 5_000 }),
    ]);
    const rest = await moves(`?cursor=${first.next_cursor}`);
    expect(rest.items.map(({ kind }) => kind)).toEqual(ids.map(() => 'authorize'));
    expect(rest.next_cursor).toBeUndefined();
  });

  it.each(['?limit=0', '?limit=501', '?cursor=a', '?cursor=0', '?cursor=-1', '?other=1'])(
    '%s is a bad request',
    async (query) => {
      expect(await gateway.get(`/payments/movements${query}`)).toMatchObject({ status: 400 });
    },
  );
});
