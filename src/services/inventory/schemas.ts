/** The inventory's HTTP bodies, and how its values look in them. */
import { Type, type Static } from '@sinclair/typebox';
import { Cents, Currency, Instant, page, Quantity, Uuid } from '../schemas.ts';
import type { Reservation } from './decide.ts';
import type { Adjustment, Product } from './products.ts';

const maxCount = 2_147_483_647;
const Count = Type.Integer({ minimum: 0, maximum: maxCount });
/** Some text that neither starts nor ends with white space. */
const trimmed = '^\\S(.*\\S)?$';

export const ProductParams = Type.Object({ id: Uuid });
export const OrderParams = Type.Object({ order_id: Uuid });

export const CreateProductBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: trimmed }),
    sku: Type.String({ minLength: 1, maxLength: 100, pattern: trimmed, description: 'Unique, whatever its case' }),
    price_cents: Type.Optional(Cents),
    priceCents: Type.Optional(Cents),
    currency: Type.Optional(Currency),
    initial_stock: Type.Optional(Count),
    initialStock: Type.Optional(Count),
  },
  {
    additionalProperties: false,
    description: 'Exactly one of `price_cents` and `priceCents`; at most one of `initial_stock` and `initialStock`.',
  },
);

export const ProductView = Type.Object({
  id: Uuid,
  name: Type.String(),
  sku: Type.String(),
  price_cents: Cents,
  currency: Currency,
  stock_quantity: Count,
  created_at: Instant,
});
export const ProductPage = page(ProductView);

const uuidText = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
export const ListProductsQuery = Type.Object(
  {
    ids: Type.Optional(
      Type.String({
        pattern: `^${uuidText}(,${uuidText}){0,99}$`,
        description: 'Up to 100 product ids with commas between them: these products alone, in one page',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 50' })),
    cursor: Type.Optional(Type.String({ format: 'uuid', description: '`next_cursor` of the page before' })),
  },
  { additionalProperties: false },
);

export const AvailabilityView = Type.Object({
  product_id: Uuid,
  sku: Type.String(),
  stock_quantity: Count,
  available: Type.Boolean({ description: 'Whether anything can be promised' }),
});

export const AdjustStockBody = Type.Object(
  {
    quantity: Type.Integer({
      minimum: -maxCount,
      maximum: maxCount,
      not: { const: 0 },
      description: 'Negative takes away, at most what is not reserved',
    }),
    reason: Type.String({ minLength: 1, maxLength: 500 }),
    reference_id: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    notes: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  { additionalProperties: false },
);

export const AdjustmentView = Type.Object({
  product_id: Uuid,
  sku: Type.String(),
  previous_quantity: Count,
  added_quantity: Type.Integer(),
  new_quantity: Count,
  adjustment_id: Uuid,
  created_at: Instant,
});

const ItemBody = Type.Object({ product_id: Uuid, quantity: Quantity }, { additionalProperties: false });

export const ReserveBody = Type.Object(
  {
    order_id: Uuid,
    items: Type.Array(ItemBody, { minItems: 1, maxItems: 100, description: 'A product named twice is summed' }),
    owned_by_saga: Type.Optional(
      Type.Boolean({ description: 'A saga ends this reservation; without one it lapses by itself. Default false' }),
    ),
  },
  { additionalProperties: false },
);

export const ReservationView = Type.Object({
  order_id: Uuid,
  status: Type.Union([Type.Literal('held'), Type.Literal('refused'), Type.Literal('released'), Type.Literal('sold')]),
  items: Type.Array(Type.Object({ product_id: Uuid, quantity: Type.Integer() })),
  owned_by_saga: Type.Boolean(),
  expires_at: Type.Union([Instant, Type.Null()]),
  created_at: Instant,
  updated_at: Instant,
});

export function productView(product: Product): Static<typeof ProductView> {
  return {
    id: product.id,
    name: product.name,
    sku: product.sku,
    price_cents: product.priceCents,
    currency: product.currency,
    stock_quantity: product.stockQuantity,
    created_at: instant(product.createdAtMs),
  };
}

export function adjustmentView(adjustment: Adjustment): Static<typeof AdjustmentView> {
  return {
    product_id: adjustment.productId,
    sku: adjustment.sku,
    previous_quantity: adjustment.previousQuantity,
    added_quantity: adjustment.quantity,
    new_quantity: adjustment.newQuantity,
    adjustment_id: adjustment.id,
    created_at: instant(adjustment.createdAtMs),
  };
}

export function reservationView(reservation: Reservation): Static<typeof ReservationView> {
  return {
    order_id: reservation.orderId,
    status: reservation.status,
    items: reservation.items.map(({ productId, quantity }) => ({ product_id: productId, quantity })),
    owned_by_saga: reservation.ownedBySaga,
    expires_at: reservation.expiresAtMs === null ? null : instant(reservation.expiresAtMs),
    created_at: instant(reservation.createdAtMs),
    updated_at: instant(reservation.updatedAtMs),
  };
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
