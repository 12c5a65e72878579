/** A real Prometheus against real processes: what the dashboards ask is there, and the alert for a stopped worker fires. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { member } from '../support/member.ts';
import { markdownTable, withSection } from '../support/generated-page.ts';
import { startRedis } from '../support/redis.ts';
import { eventually } from '../support/wait.ts';
import { hasPrometheus, type Prometheus, type Series, startPrometheus } from './prometheus.ts';

if (!hasPrometheus && process.env['REQUIRE_PROMETHEUS'] === '1')
  throw new Error('REQUIRE_PROMETHEUS=1, but there is no prometheus here');

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

const dashboards = new URL('../../deploy/observability/dashboards/', import.meta.url);
/** Every query of every dashboard, as `<file>: <panel>: <query>`. */
const queries = readdirSync(dashboards).flatMap((file) =>
  (JSON.parse(readFileSync(new URL(file, dashboards), 'utf8')) as Dashboard).panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      name: `${file}: ${title}: ${expr}`,
      expr: expr.replaceAll('$__rate_interval', '30s'),
    })),
  ),
);

async function emptyOf(prometheus: Prometheus): Promise<string[]> {
  const answers = queries.map(async ({ name, expr }) => {
    const series = await prometheus.query(expr);
    return series.some(({ value }) => !Number.isNaN(value)) ? [] : [name];
  });
  return (await Promise.all(answers)).flat();
}

/** A label whose values look like this has as many as there are orders, customers or requests. */
const growing = /[\da-f]{8}-[\da-f]{4}|@|\d{6,}|canary/;
/** Put there by whoever scrapes. */
const scraped = new Set(['__name__', 'instance', 'job', 'role']);

/** As the page has it: name, kind, labels, meaning; and a value just now: of a gauge the greatest series, of a counter their sum, of a histogram how many. */
type MetricRow = readonly [name: string, kind: string, labels: string, meaning: string, now: string];

async function metricRows(prometheus: Prometheus, series: readonly Series[]): Promise<MetricRow[]> {
  return (await prometheus.described()).map(({ name, type, help }) => {
    const parts = [name, `${name}_bucket`, `${name}_count`, `${name}_sum`];
    const own = series.filter(({ metric }) => parts.includes(metric['__name__'] ?? ''));
    const labels = new Set(
      own.flatMap(({ metric }) => Object.keys(metric)).filter((label) => !scraped.has(label) && label !== 'le'),
    );
    const counted = own.filter(({ metric }) => metric['__name__'] === (type === 'histogram' ? `${name}_count` : name));
    const values = counted.map(({ value }) => value);
    const now = type === 'gauge' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0);
    return [`\`${name}\``, type, [...labels].toSorted().join(', '), help, String(Number(now.toPrecision(4)))];
  });
}

const page = new URL('../../docs/metrics.md', import.meta.url);
const head = ['metric', 'kind', 'labels', 'what it says', 'in a test'];

/** Everything that was seen is on the page, as it was seen; with UPDATE=1 it is written there. The values are an example. */
function expectKnown(rows: readonly MetricRow[]): void {
  if (process.env['UPDATE'] === '1')
    writeFileSync(page, withSection(readFileSync(page, 'utf8'), 'metrics', markdownTable(head, rows)));
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -2)
      .map((cell) => cell.trim());
  const known = readFileSync(page, 'utf8')
    .split('\n')
    .map((line) => cells(line).join(' | '));
  expect(rows.map((row) => row.slice(0, -1).join(' | ')).filter((row) => !known.includes(row))).toEqual([]);
}

test.skipIf(!hasPrometheus)(
  'no query of a dashboard is empty, labels are few, and a stopped worker is told of',
  async () => {
    const database = await createDatabase();
    onTestFinished(database.drop);
    const redis = await startRedis();
    if (redis) onTestFinished(redis.stop);
    const base = { DATABASE_URL: database.url, REDIS_URL: redis?.url, LOG_LEVEL: 'warn', AUDIT_HOURS: '1' };
    const payments = await member('payments', base);
    const remote = { ...base, PAYMENTS_URL: payments.url };
    const [edge, worker, relay] = await Promise.all([
      member('edge,orders,inventory', remote),
      member('worker', remote),
      member('relay', base),
    ]);
    const prometheus = await startPrometheus(
      [payments, edge, worker, relay].map(({ roles, url }) => ({ role: roles.split(',')[0] ?? roles, url })),
    );
    onTestFinished(() => prometheus.close());

    const productId = await edge.shop.product({ stock: 100_000 });
    const scarce = await edge.shop.product({ stock: 0 });
    const tokens = [
      'tok_visa',
      'tok_flaky_1',
      'tok_decline_stolen',
      'tok_capture_declined',
      'tok_capture_declined_void_fails_9',
    ];
    const buying = new AbortController();
    const customer = async (n: number): Promise<void> => {
      for (let i = n; !buying.signal.aborted; i += 1) {
        const answer = await edge.shop.place({
          items: [{ productId: i % 7 === 0 ? scarce : productId, quantity: 1 }],
          token: tokens[i % tokens.length]!,
        });
        if (answer.status === 202 && i % 4 === 0)
          await edge.shop.cancel(answer.json<{ order_ledger_id: string }>().order_ledger_id);
      }
    };
    const customers = Promise.all([1, 2, 3].map(customer));
    let empty: string[] = [];
    await eventually(async () => (empty = await emptyOf(prometheus)).length === 0, { timeoutMs: 90_000 }).catch(
      () => undefined,
    );
    buying.abort();
    await customers;
    expect(empty).toEqual([]);

    const series = await prometheus.query('{job="waybill"}');
    const rows = await metricRows(prometheus, series);
    expectKnown(rows);
    expect(series.flatMap(({ metric }) => Object.values(metric).filter((value) => growing.test(value)))).toEqual([]);

    await worker.kill();
    await eventually(async () => (await prometheus.firing()).includes('NoWorkers'), { what: 'NoWorkers' });
    expect(await prometheus.firing()).toContain('ProcessDown');
    await worker.restart();
    await eventually(async () => !(await prometheus.firing()).includes('NoWorkers'), { what: 'its end' });
  },
  300_000,
);
