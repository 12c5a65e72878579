/** Stock adjustments over HTTP: once per Idempotency-Key. */
import { Type } from '@sinclair/typebox';
import { IdempotencyKey, problems } from '../schemas.ts';
import { productNotFound, type RouteApp } from './routes.ts';
import { AdjustmentView, adjustmentView, AdjustStockBody, ProductParams } from './schemas.ts';
import type { InventoryService } from './service.ts';

export function adjustmentRoutes(app: RouteApp, service: InventoryService): void {
  app.post(
    '/products/:id/stock',
    {
      schema: {
        tags: ['inventory'],
        summary: 'Adjust the stock of a product, once per Idempotency-Key',
        operationId: 'adjustStock',
        params: ProductParams,
        headers: Type.Object({ 'idempotency-key': IdempotencyKey }),
        body: AdjustStockBody,
        response: { 200: AdjustmentView, ...problems(400, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { quantity, reason, reference_id, notes } = request.body;
      const outcome = await service.adjustStock({
        idempotencyKey: request.headers['idempotency-key'],
        productId: request.params.id,
        quantity,
        reason,
        referenceId: reference_id ?? null,
        notes: notes ?? null,
      });
      switch (outcome.type) {
        case 'adjusted':
          if (outcome.repeated) reply.header('idempotent-replayed', 'true');
          return adjustmentView(outcome.adjustment);
        case 'product_not_found':
          return productNotFound(reply);
        case 'idempotency_key_reused':
          return reply.problem({
            status: 422,
            error: 'idempotency_key_reused',
            title: 'The Idempotency-Key was used for another request',
          });
        case 'insufficient_stock':
          return reply.problem({
            status: 409,
            error: 'insufficient_stock',
            title: 'There is not enough stock',
            detail: `${outcome.available} can be taken away; the rest is reserved.`,
            items: [{ product_id: request.params.id, requested: -quantity, available: outcome.available }],
          });
        case 'stock_limit_exceeded':
          return reply.problem({
            status: 409,
            error: 'stock_limit_exceeded',
            title: 'That is more stock than a product can have',
            detail: `${outcome.onHand} are on hand.`,
          });
      }
    },
  );
}
