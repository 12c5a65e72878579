import { expect, onTestFinished, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { member } from '../support/member.ts';
import { crashedOrder } from './crashed-order.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';
import { traceTree } from './trace-tree.ts';

async function receiving(): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

/** Names from the root down to a span. */
function pathTo(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? pathTo(parent, spans) : []), span.name];
}

test('a compensated order that outlived its worker is one trace, from the request to the notice', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const receiver = await receiving();
  const { spans, heir, dead } = await crashedOrder(member, { DATABASE_URL: database.url }, receiver);
  const paths = spans.map((span) => pathTo(span, spans).join(' > '));
  const tree = traceTree(spans).join('\n');
  const saga = 'POST /orders > order';
  for (const path of [
    'POST /orders',
    saga,
    // Driven by the edge.
    `${saga} > order authorizing.calling > payments.authorize > call payments.authorize > POST payments > POST /payments/authorize`,
    `${saga} > order fulfilling.creatingOrder.calling > publish wake`,
    // By the worker that died, whose own spans are lost: the log has them.
    `${saga} > order fulfilling.reservingInventory.calling > inventory.reserve`,
    // By its heir.
    `${saga} > order fulfilling.capturingPayment.calling > publish wake > process wake`,
    `${saga} > order fulfilling.capturingPayment.calling > payments.capture > call payments.capture > POST payments > POST /payments/capture/:authorization_id`,
    `${saga} > order compensating.undoingPayment.calling > payments.undo > call payments.undo > POST payments > POST /payments/void`,
    `${saga} > order compensating.releasingStock.calling > inventory.release`,
    `${saga} > order compensating.cancellingOrder.calling > orders.cancel`,
    `${saga} > order failed > commit`,
    `${saga} > order failed > order-notice > order-notice sending.calling > notices.send > call notices.send`,
  ])
    expect(paths, `the tree:\n${tree}`).toContain(path);
  const pids = new Set(spans.map(({ resource }) => resource['process.pid']));
  expect(pids).toContain(heir.process().pid);
  expect(pids).not.toContain(dead.process().pid);
  expect(new Set(spans.map(({ resource }) => resource['service.name']))).toEqual(
    new Set(['waybill-edge', 'waybill-worker', 'waybill-payments']),
  );
  // The gateway heard the dead worker too: its own span hangs on one that was never sent.
  expect(spans.filter(({ name }) => name.startsWith('POST /payments/capture'))).toHaveLength(2);
  expect(spans.find(({ name }) => name === 'payments.capture')?.error).toBe('capture_declined');
  expect(spans.find(({ name }) => name === 'order')?.error).toBe('failed');
  // No span twice, whoever wrote it.
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

test('of orders that no share is traced of, those that fail are told from the log, and no others', async () => {
  const database = await createDatabase();
  onTestFinished(database.drop);
  const receiver = await receiving();
  const all = await member('all', {
    DATABASE_URL: database.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  const productId = await all.shop.product();
  const items = [{ productId, quantity: 1 }];
  const [fine, failed] = [
    await all.shop.placed({ items }),
    await all.shop.placed({ items, token: 'tok_capture_declined' }),
  ];
  await Promise.all([all.shop.until(fine, 'COMPLETED'), all.shop.until(failed, 'FAILED')]);
  await all.kill('SIGTERM');
  expect(new Set(receiver.spans.map(({ attributes }) => attributes['waybill.actor.id']))).toEqual(new Set([failed]));
  expect(receiver.spans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['order', 'order compensating.undoingPayment.calling', 'payments.undo', 'order failed']),
  );
  expect(receiver.metrics).toContain('orders_failed_total');
});
