/** Reads and writes products, and the adjustments of their stock. */
import { Type, type Static } from '@sinclair/typebox';
import type { Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import type { Adjustment, NewProduct, Product } from './products.ts';
import type { Reader } from './queries.ts';

const ProductRow = Type.Object({
  id: Type.String(),
  name: Type.String(),
  sku: Type.String(),
  price_cents: Type.Integer(),
  currency: Type.String(),
  stock_quantity: Type.Integer(),
  created_at: Type.Number(),
});
const productRow = row(ProductRow);
const idRow = row(Type.Object({ id: Type.String() }));
const AdjustmentRow = Type.Object({
  idempotency_key: Type.String(),
  id: Type.String(),
  product_id: Type.String(),
  sku: Type.String(),
  quantity: Type.Integer(),
  reason: Type.String(),
  reference_id: Type.Union([Type.String(), Type.Null()]),
  notes: Type.Union([Type.String(), Type.Null()]),
  previous_quantity: Type.Integer(),
  new_quantity: Type.Integer(),
  created_at: Type.Number(),
});
const adjustmentRow = row(AdjustmentRow);

const productColumns = sql.fragment`
  p.id, p.name, p.sku, p.price_cents, p.currency, s.on_hand - s.reserved as stock_quantity, p.created_at`;

/** @returns whether it was inserted; waits for a concurrent insert of the same SKU. Index: product_sku_key. */
export async function insertProduct(tx: Tx, product: NewProduct, nowMs: number): Promise<boolean> {
  const inserted = await tx.any(sql.type(idRow)`
    insert into inventory.product (id, name, sku, price_cents, currency, created_at)
    values (${product.id}, ${product.name}, ${product.sku}, ${product.priceCents}, ${product.currency},
      actors.from_ms(${nowMs}))
    on conflict (lower(sku collate "C")) do nothing
    returning id`);
  return inserted.length > 0;
}

/** The stock of a product just inserted: what it starts with, and the movement that says so. */
export async function insertStock(tx: Tx, product: NewProduct, nowMs: number): Promise<void> {
  await tx.query(sql.typeAlias('void')`
    insert into inventory.stock (product_id, on_hand, reserved) values (${product.id}, ${product.initialStock}, 0)`);
  if (product.initialStock === 0) return;
  await tx.query(sql.typeAlias('void')`
    insert into inventory.movement (product_id, kind, quantity, created_at)
    values (${product.id}, 'initial', ${product.initialStock}, actors.from_ms(${nowMs}))`);
}

/** Locks nothing. Index: product_sku_key. */
export async function findProductBySku(tx: Reader, sku: string): Promise<Product | null> {
  const [found] = await tx.any(sql.type(productRow)`
    select ${productColumns} from inventory.product p join inventory.stock s on s.product_id = p.id
    where lower(p.sku collate "C") = lower(${sku} collate "C")`);
  return found ? asProduct(found) : null;
}

/** Locks nothing. Unknown ids are left out. Index: product_pkey, stock_pkey. */
export async function findProducts(tx: Reader, ids: readonly string[]): Promise<Product[]> {
  const found = await tx.any(sql.type(productRow)`
    select ${productColumns} from inventory.product p join inventory.stock s on s.product_id = p.id
    where p.id = any(${sql.array([...ids], 'uuid')})
    order by p.id`);
  return found.map(asProduct);
}

/** One page, newest first, from below `beforeId` on. Locks nothing. Index: product_pkey (ids grow with time). */
export async function listProducts(
  tx: Reader,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<Product[]> {
  const below = page.beforeId === null ? sql.fragment`true` : sql.fragment`p.id < ${page.beforeId}`;
  const found = await tx.any(sql.type(productRow)`
    select ${productColumns} from inventory.product p join inventory.stock s on s.product_id = p.id
    where ${below} order by p.id desc limit ${page.limit}`);
  return found.map(asProduct);
}

/** Locks nothing. Index: adjustment_pkey, product_pkey. */
export async function findAdjustment(tx: Reader, idempotencyKey: string): Promise<Adjustment | null> {
  const [found] = await tx.any(sql.type(adjustmentRow)`
    select a.idempotency_key, a.id, a.product_id, p.sku, a.quantity, a.reason, a.reference_id, a.notes,
      a.previous_quantity, a.new_quantity, a.created_at
    from inventory.adjustment a join inventory.product p on p.id = a.product_id
    where a.idempotency_key = ${idempotencyKey}`);
  return found ? asAdjustment(found) : null;
}

/** @returns whether it was inserted; waits for a concurrent insert of the same key. Index: adjustment_pkey. */
export async function insertAdjustment(tx: Tx, adjustment: Adjustment): Promise<boolean> {
  const inserted = await tx.any(sql.type(idRow)`
    insert into inventory.adjustment (idempotency_key, id, product_id, quantity, reason, reference_id, notes,
      previous_quantity, new_quantity, created_at)
    values (${adjustment.idempotencyKey}, ${adjustment.id}, ${adjustment.productId}, ${adjustment.quantity},
      ${adjustment.reason}, ${adjustment.referenceId}, ${adjustment.notes}, ${adjustment.previousQuantity},
      ${adjustment.newQuantity}, actors.from_ms(${adjustment.createdAtMs}))
    on conflict (idempotency_key) do nothing
    returning id`);
  return inserted.length > 0;
}

export async function insertAdjustmentMovement(tx: Tx, adjustment: Adjustment): Promise<void> {
  await tx.query(sql.typeAlias('void')`
    insert into inventory.movement (product_id, kind, quantity, adjustment_id, created_at)
    values (${adjustment.productId}, 'adjustment', ${adjustment.quantity}, ${adjustment.id},
      actors.from_ms(${adjustment.createdAtMs}))`);
}

function asProduct(found: Static<typeof ProductRow>): Product {
  return {
    id: found.id,
    name: found.name,
    sku: found.sku,
    priceCents: found.price_cents,
    currency: found.currency,
    stockQuantity: found.stock_quantity,
    createdAtMs: found.created_at,
  };
}

function asAdjustment(found: Static<typeof AdjustmentRow>): Adjustment {
  return {
    idempotencyKey: found.idempotency_key,
    id: found.id,
    productId: found.product_id,
    sku: found.sku,
    quantity: found.quantity,
    reason: found.reason,
    referenceId: found.reference_id,
    notes: found.notes,
    previousQuantity: found.previous_quantity,
    newQuantity: found.new_quantity,
    createdAtMs: found.created_at,
  };
}
