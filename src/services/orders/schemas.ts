/** The orders' HTTP bodies, and how an order looks in them. */
import { Type, type Static } from '@sinclair/typebox';
import { Cents, Currency, Instant, Quantity, Uuid } from '../schemas.ts';
import type { Order, OrderContent } from './decide.ts';

export const OrderParams = Type.Object({ id: Uuid });

const Line = { product_id: Uuid, quantity: Quantity, unit_price_cents: Cents };

export const CreateOrderBody = Type.Object(
  {
    order_ledger_id: Uuid,
    user_id: Uuid,
    currency: Currency,
    total_cents: Cents,
    items: Type.Array(Type.Object(Line, { additionalProperties: false }), { minItems: 1, maxItems: 100 }),
  },
  { additionalProperties: false },
);

export const OrderView = Type.Object({
  id: Uuid,
  status: Type.Union([Type.Literal('created'), Type.Literal('confirmed'), Type.Literal('cancelled')]),
  user_id: Type.Union([Uuid, Type.Null()], { description: 'Null if it was cancelled before it was created' }),
  currency: Type.Union([Currency, Type.Null()]),
  total_cents: Type.Union([Cents, Type.Null()]),
  items: Type.Array(Type.Object(Line)),
  created_at: Instant,
  confirmed_at: Type.Union([Instant, Type.Null()]),
  cancelled_at: Type.Union([Instant, Type.Null()]),
});

export function contentOf(body: Static<typeof CreateOrderBody>): OrderContent {
  return {
    userId: body.user_id,
    currency: body.currency,
    totalCents: body.total_cents,
    items: body.items.map((item) => ({
      productId: item.product_id,
      quantity: item.quantity,
      unitPriceCents: item.unit_price_cents,
    })),
  };
}

export function orderView(order: Order): Static<typeof OrderView> {
  const { content } = order;
  return {
    id: order.id,
    status: order.status,
    user_id: content?.userId ?? null,
    currency: content?.currency ?? null,
    total_cents: content?.totalCents ?? null,
    items: (content?.items ?? []).map((item) => ({
      product_id: item.productId,
      quantity: item.quantity,
      unit_price_cents: item.unitPriceCents,
    })),
    created_at: instant(order.createdAtMs),
    confirmed_at: order.confirmedAtMs === null ? null : instant(order.confirmedAtMs),
    cancelled_at: order.cancelledAtMs === null ? null : instant(order.cancelledAtMs),
  };
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
