/** Products, and the adjustments that people make to their stock. */
import type { Tx } from '../../persistence/pool.ts';
import type { Stock } from './decide.ts';
import {
  findAdjustment,
  findProductBySku,
  findProducts,
  insertAdjustment,
  insertAdjustmentMovement,
  insertProduct,
  insertStock,
} from './product-queries.ts';
import { lockStock, writeStock } from './queries.ts';

/** What the edge needs to know of a product to price an order. */
export interface QuotedProduct {
  readonly id: string;
  readonly name: string;
  readonly sku: string;
  readonly priceCents: number;
  readonly currency: string;
}

/** Where prices come from: this process's inventory, or another's. */
export interface ProductCatalog {
  /**
   * Looks products up by id. Unknown ids are left out of the answer.
   * @param productIds at most 100
   * @throws when the inventory cannot be asked right now
   */
  quote(productIds: readonly string[]): Promise<readonly QuotedProduct[]>;
}

export interface Product extends QuotedProduct {
  /** What can still be promised: on hand - reserved. */
  readonly stockQuantity: number;
  readonly createdAtMs: number;
}

export interface NewProduct extends QuotedProduct {
  readonly initialStock: number;
}

export type CreateProductOutcome =
  | { readonly type: 'created'; readonly product: Product }
  | { readonly type: 'duplicate_sku'; readonly existingProductId: string };

/** Creates a product with its stock. SKUs are unique whatever their case. */
export async function createProduct(tx: Tx, product: NewProduct, nowMs: number): Promise<CreateProductOutcome> {
  if (await insertProduct(tx, product, nowMs)) {
    await insertStock(tx, product, nowMs);
    const { initialStock, ...quoted } = product;
    return { type: 'created', product: { ...quoted, stockQuantity: initialStock, createdAtMs: nowMs } };
  }
  // A second statement: the first one's snapshot may be older than the row it ran into.
  const existing = await findProductBySku(tx, product.sku);
  if (!existing) throw new Error(`SKU ${product.sku} is taken by a product that is not there`);
  return { type: 'duplicate_sku', existingProductId: existing.id };
}

export interface AdjustmentRequest {
  readonly idempotencyKey: string;
  /** The id it gets if it is made now. */
  readonly id: string;
  readonly productId: string;
  /** Negative takes away. */
  readonly quantity: number;
  readonly reason: string;
  readonly referenceId: string | null;
  readonly notes: string | null;
}

export interface Adjustment extends AdjustmentRequest {
  readonly sku: string;
  readonly previousQuantity: number;
  readonly newQuantity: number;
  readonly createdAtMs: number;
}

export type AdjustmentOutcome =
  | { readonly type: 'adjusted'; readonly repeated: boolean; readonly adjustment: Adjustment }
  | { readonly type: 'product_not_found' }
  | { readonly type: 'idempotency_key_reused' }
  | { readonly type: 'insufficient_stock'; readonly available: number }
  | { readonly type: 'stock_limit_exceeded'; readonly onHand: number };

/** What an int4 column holds. */
const maxOnHand = 2_147_483_647;

/**
 * Adjusts the stock of one product, once per key; a repeat gets the first answer. It never takes what is reserved.
 * A refusal is not remembered: nothing happened, and the same key may succeed later.
 * Locks the product's stock, then the key: two requests with one key for two products meet at the key's index.
 */
export async function adjustStock(tx: Tx, request: AdjustmentRequest, nowMs: number): Promise<AdjustmentOutcome> {
  const [stock] = await lockStock(tx, [request.productId]);
  const [product] = await findProducts(tx, [request.productId]);
  // A key is looked up before the product: it may have been used for one that does exist.
  const first = await findAdjustment(tx, request.idempotencyKey);
  if (first) return repeat(first, request);
  if (!stock || !product) return { type: 'product_not_found' };

  const available = stock.onHand - stock.reserved;
  if (available + request.quantity < 0) return { type: 'insufficient_stock', available };
  if (stock.onHand + request.quantity > maxOnHand) return { type: 'stock_limit_exceeded', onHand: stock.onHand };
  const adjustment: Adjustment = {
    ...request,
    sku: product.sku,
    previousQuantity: available,
    newQuantity: available + request.quantity,
    createdAtMs: nowMs,
  };
  if (!(await insertAdjustment(tx, adjustment))) return { type: 'idempotency_key_reused' };
  await writeAdjustment(tx, adjustment, stock);
  return { type: 'adjusted', repeated: false, adjustment };
}

async function writeAdjustment(tx: Tx, adjustment: Adjustment, stock: Stock): Promise<void> {
  await insertAdjustmentMovement(tx, adjustment);
  await writeStock(tx, [{ ...stock, onHand: stock.onHand + adjustment.quantity }]);
}

function repeat(first: Adjustment, request: AdjustmentRequest): AdjustmentOutcome {
  const same =
    first.productId === request.productId &&
    first.quantity === request.quantity &&
    first.reason === request.reason &&
    first.referenceId === request.referenceId &&
    first.notes === request.notes;
  return same ? { type: 'adjusted', repeated: true, adjustment: first } : { type: 'idempotency_key_reused' };
}
