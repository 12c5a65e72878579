import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/reconciliation/findings.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { startMetrics } from '../../src/telemetry/metrics.ts';
import { reconciliationObserver } from '../../src/telemetry/reconciliation-observer.ts';
import { metrics } from '@opentelemetry/api';
import { driftKinds } from '../../src/reconciliation/drift.ts';

const finding: Finding = {
  id: 7,
  kind: 'money_held',
  orderId: 'order-1',
  ours: { totalCents: 5_000 },
  theirs: null,
  remedy: 'void',
  firstSeenAtMs: 1,
  lastSeenAtMs: 2,
  state: 'open',
  closedAtMs: null,
  by: null,
  why: null,
};
const counts = Object.fromEntries(driftKinds.map((kind) => [kind, 0])) as Record<Finding['kind'], number>;

function observed() {
  const started = startMetrics();
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const log = createLogger({ level: 'info', pretty: false, role: 'test', destination });
  let nowMs = 0;
  const observer = reconciliationObserver(metrics.getMeter('test'), log, () => nowMs);
  return { observer, lines, started, later: (ms: number) => void (nowMs += ms) };
}

describe('reconciliationObserver', () => {
  it('counts by kind, and shows how many are open', async () => {
    const { observer, started } = observed();
    observer.found(finding);
    observer.closed({ ...finding, state: 'healed', why: 'void' });
    observer.counted({ ...counts, money_held: 3 });
    const text = await started.render();
    await started.shutdown();
    expect(text).toContain('reconciliation_findings_total{kind="money_held"} 1');
    expect(text).toContain('reconciliation_closed_total{kind="money_held",how="healed"} 1');
    expect(text).toContain('reconciliation_findings_open{kind="money_held"} 3');
    expect(text).toContain('reconciliation_findings_open{kind="payment_missing"} 0');
  });

  it('a new finding is one warning, which says what and where', async () => {
    const { observer, lines, started } = observed();
    observer.found(finding);
    await started.shutdown();
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', finding: 7, kind: 'money_held', order_id: 'order-1', remedy: 'void' }),
    ]);
  });

  it('a flood of them is twenty lines a minute, and a word that there are more', async () => {
    const { observer, lines, started, later } = observed();
    for (let n = 0; n < 100; n += 1) observer.found(finding);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)?.['msg']).toBe(
      'the gateway’s books differ from ours in more orders: see waybill reconcile list',
    );
    later(60_001);
    observer.found(finding);
    await started.shutdown();
    expect(lines).toHaveLength(22);
  });
});
