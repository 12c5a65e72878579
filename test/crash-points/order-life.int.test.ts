/** An order's life passes every crash point: a label that nothing passes would never kill anybody. */
import { afterEach, describe, expect, it } from 'vitest';
import { compose, queueTarget, type Waybill } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { type CrashLabel, crashLabels } from '../../src/crash-points/crash-points.ts';
import { prepareQueue } from '../../src/queue/backend.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { useDatabase } from '../support/database.ts';
import { openShop, overHttp } from '../support/shop.ts';

const database = useDatabase();
const running: Waybill[] = [];
afterEach(async () => {
  for (const waybill of running.splice(0).reverse()) await waybill.close();
});

async function start(environment: Record<string, string>, onCrashPoint?: (label: CrashLabel) => void): Promise<string> {
  const config = readConfig({ PORT: '0', LOG_LEVEL: 'silent', MOCK_FAILURE_RATE: '0', ...environment });
  await prepareQueue(queueTarget(config, database.url()));
  const log = createLogger({ level: config.logLevel, pretty: false, role: config.roles.join(',') });
  const metrics = { render: () => Promise.resolve(''), shutdown: () => Promise.resolve() };
  const surroundings = { databaseUrl: database.url(), log, metrics };
  const waybill = await compose(config, { ...surroundings, ...(onCrashPoint ? { onCrashPoint } : {}) });
  running.push(waybill);
  const url = await waybill.listen();
  waybill.work();
  return url;
}

describe('an order whose gateway stumbles once, and its notice', () => {
  it('pass every crash point', async () => {
    const passed = new Set<CrashLabel>();
    const paymentsUrl = await start({ ROLE: 'payments' });
    const url = await start({ PAYMENTS_URL: paymentsUrl }, (label) => void passed.add(label));
    const shop = openShop(overHttp(url));
    const productId = await shop.product();
    const id = await shop.placed({ items: [{ productId, quantity: 1 }], token: 'tok_flaky_1' });
    await shop.until(id, 'COMPLETED');
    // Its job ends a moment after the order has.
    await expect.poll(() => crashLabels.filter((label) => !passed.has(label))).toEqual([]);
  });
});
