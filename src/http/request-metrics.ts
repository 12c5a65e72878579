/** Measures requests: how many, how long, how answered; and ends their spans. */
import { metrics } from '@opentelemetry/api';
import type { App } from './app.ts';
import { endTrace } from './trace.ts';

/** Records a histogram by route pattern, method and status; silent without a meter provider. */
export function measureRequests(app: App): void {
  const duration = metrics.getMeter('waybill.http').createHistogram('http_server_request_duration_seconds', {
    description: 'Time from a request to the end of its answer',
    advice: { explicitBucketBoundaries: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const status = String(reply.statusCode);
    duration.record(reply.elapsedTime / 1_000, { method: request.method, route, status });
    endTrace(request.raw, { route, status: reply.statusCode });
    done();
  });
}
