/** Metrics by OTLP over HTTP. Imported only where an endpoint is set. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { PushedMetrics } from './metrics.ts';
import type { ProcessIdentity } from './process-identity.ts';

const everyMs = 15_000;
const timeoutMs = 3_000;

/** @param endpoint without a slash at the end; `/v1/metrics` is added */
export function pushedMetrics(endpoint: string, identity: ProcessIdentity): PushedMetrics {
  const exporter = new OTLPMetricExporter({ url: `${endpoint}/v1/metrics`, timeoutMillis: timeoutMs });
  return {
    reader: new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: everyMs,
      exportTimeoutMillis: timeoutMs,
    }),
    resource: resourceFromAttributes(identity),
  };
}
