/** Shows what the audit found: a gauge per invariant, a line per finding. */
import type { Meter } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { AuditReport } from '../audit/audit.ts';

/** @param meter from a provider that has been started */
export function auditObserver(meter: Meter, log: Logger, monotonicMs: () => number): (report: AuditReport) => void {
  let last: { readonly report: AuditReport; readonly atMs: number } | null = null;
  meter
    .createObservableGauge('audit_findings', { description: 'What the last audit of this process found, by invariant' })
    .addCallback((result) => {
      for (const { id, findings } of last?.report.checks ?? []) result.observe(findings, { invariant: id });
    });
  meter
    .createObservableGauge('audit_age_seconds', { description: 'Since the last audit of this process' })
    .addCallback((result) => {
      if (last) result.observe((monotonicMs() - last.atMs) / 1_000);
    });
  return (report) => {
    last = { report, atMs: monotonicMs() };
    const broken = report.checks.filter(({ findings }) => findings > 0).map(({ id }) => id);
    // Which rows they are, `waybill audit` says: they may hold what no log should.
    if (report.clean) log.info({ actors: report.actors }, 'audit clean');
    else log.error({ invariants: broken }, 'audit: invariants broken');
  };
}
