/** The audit as a duty of a running process: now and then, and what it found is shown. */
import type { AuditReport } from './audit.ts';

export interface RunAuditsOptions {
  readonly runOnce: () => Promise<AuditReport>;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly onReport: (report: AuditReport) => void;
  readonly onFault: (error: unknown) => void;
}

/** Until `signal` is aborted; the first one at once. One that cannot be done is done at its next turn. */
export async function runAudits({
  runOnce,
  intervalMs,
  signal,
  delay,
  onReport,
  onFault,
}: RunAuditsOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      onReport(await runOnce());
    } catch (error) {
      if (!signal.aborted) onFault(error);
    }
    await delay(intervalMs, signal);
  }
}
