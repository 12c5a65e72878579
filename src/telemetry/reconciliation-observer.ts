/** Turns what reconciliation reports into metrics and logs. */
import type { Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Finding } from '../reconciliation/findings.ts';
import type { ReconciliationOptions } from '../reconciliation/service.ts';

/** New findings that are logged one by one; of more within a minute only their number is. */
const maxLinesPerMinute = 20;
const minuteMs = 60_000;

/** Labels are kinds alone: they stay few. @param meter from a provider that has been started */
export function reconciliationObserver(
  meter: Meter,
  log: Logger,
  monotonicMs: () => number,
): ReconciliationOptions['observer'] {
  const found = meter.createCounter('reconciliation_findings_total', {
    description: 'Differences from the gateway’s books that were found, by kind',
  });
  const closed = meter.createCounter('reconciliation_closed_total', {
    description: 'Findings that were closed without a person, by kind and how',
  });
  let open: Readonly<Record<string, number>> = {};
  meter
    .createObservableGauge('reconciliation_findings_open', { description: 'Findings that are open, by kind' })
    .addCallback((result) => {
      for (const [kind, count] of Object.entries(open)) result.observe(count, { kind });
    });
  let lines = { sinceMs: -Infinity, written: 0 };
  return {
    found(finding) {
      found.add(1, { kind: finding.kind });
      if (monotonicMs() - lines.sinceMs > minuteMs) lines = { sinceMs: monotonicMs(), written: 0 };
      lines.written += 1;
      if (lines.written <= maxLinesPerMinute) log.warn(lineOf(finding), 'the gateway’s books differ from ours');
      else if (lines.written === maxLinesPerMinute + 1)
        log.warn('the gateway’s books differ from ours in more orders: see waybill reconcile list');
    },
    closed(finding) {
      closed.add(1, { kind: finding.kind, how: finding.state });
      log.info({ ...lineOf(finding), how: finding.state, why: finding.why }, 'finding closed');
    },
    counted(counts) {
      open = counts;
    },
    fault(error) {
      log.warn({ err: error }, `reconciliation: ${error.message}`);
    },
  };
}

function lineOf({ id, kind, orderId, remedy }: Finding) {
  return { finding: id, kind, order_id: orderId, remedy };
}
