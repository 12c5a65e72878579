import { metrics } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { buildApp } from '../../src/http/app.ts';
import health from '../../src/http/health.ts';
import { type Metrics, startMetrics } from '../../src/telemetry/metrics.ts';

let running: Metrics | undefined;
afterEach(() => running?.shutdown());

test('names come out as they went in, without scope or target lines', async () => {
  running = startMetrics();
  const meter = metrics.getMeter('any', '1.0');
  meter.createCounter('things_total', { description: 'Things' }).add(2, { kind: 'a' });
  const text = await running.render();
  expect(text).toContain('# HELP things_total Things\n# TYPE things_total counter\nthings_total{kind="a"} 2\n');
  expect(text).not.toMatch(/otel_scope|target_info/);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  expect(text).toMatch(/^process_event_loop_utilization [\d.e-]+$/m);
});

test('a request is measured under its route, never its path', async () => {
  running = startMetrics();
  const app = await buildApp();
  await app.register(health, { checks: [], metrics: () => running?.render() ?? Promise.resolve('') });
  app.get('/orders/:id', { schema: { operationId: 'getOrder' } }, () => ({}));
  await app.inject('/orders/secret');
  await app.inject('/nowhere/secret');
  const { body } = await app.inject('/metrics');
  await app.close();
  const counts = body.split('\n').filter((line) => line.startsWith('http_server_request_duration_seconds_count'));
  expect(counts).toEqual([
    'http_server_request_duration_seconds_count{method="GET",route="/orders/:id",status="200"} 1',
    'http_server_request_duration_seconds_count{method="GET",route="none",status="404"} 1',
  ]);
  expect(body).not.toContain('secret');
});

test('after shutdown another one can be started', async () => {
  const first = startMetrics();
  metrics.getMeter('x').createCounter('firsts_total').add(1);
  await first.shutdown();
  running = startMetrics();
  metrics.getMeter('x').createCounter('seconds_total').add(1);
  const text = await running.render();
  expect([text.includes('firsts_total'), text.includes('seconds_total 1')]).toEqual([false, true]);
});
