/** An inventory on a test's database: its app, short calls to it, and the invariants its tables must always keep. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type App, buildApp } from '../../../src/http/app.ts';
import type { DatabasePool, Tx } from '../../../src/persistence/pool.ts';
import inventoryPlugin from '../../../src/services/inventory/plugin.ts';
import { createInventory, type InventoryService } from '../../../src/services/inventory/service.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
}

export interface Shop {
  readonly app: App;
  readonly service: InventoryService;
  call(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** Creates a product with this much stock. @returns its id */
  product(initialStock: number): Promise<string>;
  adjust(productId: string, key: string, body: object): Promise<Answer>;
  reserve(orderId: string, items: readonly (readonly [productId: string, quantity: number])[]): Promise<Answer>;
}

export async function openShop(pool: DatabasePool): Promise<Shop> {
  const service = createInventory({ pool, newId: uuidv7 });
  const app = await buildApp();
  await app.register(inventoryPlugin, { service });
  await app.ready();
  const call: Shop['call'] = async (method, url, body, headers = {}) => {
    const response = await app.inject({ method, url, headers, ...(body !== undefined && { payload: body as object }) });
    return {
      status: response.statusCode,
      text: response.body,
      body: response.json<Record<string, unknown>>(),
      headers: response.headers,
    };
  };
  return {
    app,
    service,
    call,
    async product(initialStock) {
      const body = { name: 'A thing', sku: `SKU-${randomUUID()}`, price_cents: 500, initial_stock: initialStock };
      const answer = await call('POST', '/products', body);
      if (answer.status !== 201) throw new Error(answer.text);
      return String(answer.body['id']);
    },
    adjust: (productId, key, body) => call('POST', `/products/${productId}/stock`, body, { 'idempotency-key': key }),
    reserve: (orderId, items) =>
      call('POST', '/reservations', {
        order_id: orderId,
        items: items.map(([product_id, quantity]) => ({ product_id, quantity })),
      }),
  };
}

export interface StockRow {
  readonly on_hand: number;
  readonly reserved: number;
}

export async function stockOf(db: pg.Pool, productId: string): Promise<StockRow> {
  const { rows } = await db.query<StockRow>('select on_hand, reserved from inventory.stock where product_id = $1', [
    productId,
  ]);
  return rows[0]!;
}

/** Everything that breaks S1 to S4, of the whole database. Must be empty. */
export async function violations(db: pg.Pool): Promise<unknown[]> {
  const { rows } = await db.query(`
    select 'S1' as invariant, s.product_id::text as key from inventory.stock s
      left join inventory.movement m on m.product_id = s.product_id
      group by s.product_id having s.on_hand <> coalesce(sum(m.quantity), 0)
    union all select 'S2', product_id::text from inventory.stock where not (on_hand >= reserved and reserved >= 0)
    union all select 'S3', s.product_id::text from inventory.stock s
      left join (
        select i.product_id, sum(i.quantity) as live from inventory.reservation_item i
        join inventory.reservation r on r.order_id = i.order_id and r.status = 'held' group by i.product_id
      ) as held on held.product_id = s.product_id
      where s.reserved <> coalesce(held.live, 0)
    union all select 'S4', m.order_id::text from inventory.movement m where m.order_id is not null
      group by m.order_id, m.product_id, m.kind having count(*) > 1
    union all select 'sold without its movements', r.order_id::text from inventory.reservation r
      join inventory.reservation_item i on i.order_id = r.order_id
      left join inventory.movement m on m.order_id = i.order_id and m.product_id = i.product_id and m.quantity = -i.quantity
      where (r.status = 'sold') <> (m.id is not null)`);
  return rows;
}

/** A transaction that counts the statements sent through it. */
export function counting(tx: Tx): { readonly tx: Tx; statements(): number } {
  let count = 0;
  const counted = new Proxy(tx, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function' || !['any', 'query', 'one', 'maybeOne', 'many'].includes(String(property))) {
        return member;
      }
      return (...args: unknown[]): unknown => {
        count += 1;
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { tx: counted, statements: () => count };
}
