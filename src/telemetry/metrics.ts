/** Metrics of this process: OpenTelemetry inside, Prometheus text outside. Rooms see @opentelemetry/api alone. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Resource } from '@opentelemetry/resources';

export interface Metrics {
  /** Everything counted so far, in the Prometheus text format. */
  render(): Promise<string>;
  shutdown(): Promise<void>;
}

/** Metrics that are sent somewhere too, besides being asked for. */
export interface PushedMetrics {
  readonly reader: IMetricReader;
  readonly resource: Resource;
}

/**
 * Makes `metrics.getMeter(…)` real. Call it first: instruments made before are silent for ever. Names are exposed as
 * they are created, so units belong in them (`…_seconds`) and counters end in `_total` (the exporter would add it).
 */
export function startMetrics(pushed: PushedMetrics | null = null): Metrics {
  // It serves nothing: `/metrics` is a route of the app.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    readers: [reader, ...(pushed ? [pushed.reader] : [])],
    ...(pushed ? { resource: pushed.resource } : {}),
  });
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

/** Coarse, so that an idle process stays idle. */
const loopResolutionMs = 50;
const loopWindowMs = 30_000;

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
  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  let resetAtMs = performance.now();
  meter
    .createObservableGauge('process_event_loop_delay_seconds', {
      description: 'How late timers came, over the last half minute or so, by quantile',
    })
    .addCallback((result) => {
      // What a timer that is on time shows is the resolution.
      const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - loopResolutionMs / 1_000);
      result.observe(late(delay.percentile(50)), { quantile: '0.5' });
      result.observe(late(delay.percentile(99)), { quantile: '0.99' });
      // Several readers may ask: none of them takes the figures from the others.
      if (performance.now() - resetAtMs < loopWindowMs) return;
      delay.reset();
      resetAtMs = performance.now();
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
