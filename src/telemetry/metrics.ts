/** Metrics of this process: OpenTelemetry inside, Prometheus text outside. Rooms see @opentelemetry/api alone. */
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

export interface Metrics {
  /** Everything counted so far, in the Prometheus text format. */
  render(): Promise<string>;
  shutdown(): Promise<void>;
}

/**
 * Makes `metrics.getMeter(…)` real. Call it first: instruments made before are silent for ever. Names are exposed as
 * they are created, so units belong in them (`…_seconds`) and counters end in `_total` (the exporter would add it).
 */
export function startMetrics(): Metrics {
  // It serves nothing: `/metrics` is a route of the app.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  observeProcess();
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    async render() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected');
      return serializer.serialize(resourceMetrics);
    },
    async shutdown() {
      metrics.disable();
      await provider.shutdown();
    },
  };
}

/** What tells a busy process from a stuck one. */
function observeProcess(): void {
  const meter = metrics.getMeter('waybill.process');
  meter
    .createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableCounter('process_cpu_seconds_total', { description: 'User and system CPU time' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1_000_000);
    });
  let last = performance.eventLoopUtilization();
  meter
    .createObservableGauge('process_event_loop_utilization', {
      description: 'Busy share of the event loop since the last scrape',
    })
    .addCallback((result) => {
      const now = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(now, last).utilization);
      last = now;
    });
}
