/** Runs commands in this process on a test's database, and sets up a shop there whose orders they are about. */
import { vi } from 'vitest';
import { run } from '../../src/cli/cli.ts';
import type { ExitCode } from '../../src/cli/invocation.ts';
import { compose, type Waybill } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { prepareQueue } from '../../src/queue/backend.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { customerEmail, privateLines } from '../support/canaries.ts';
import type { StoreClock } from '../support/store-clock.ts';

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, which must be one JSON value. */
  json(): unknown;
}

/**
 * @param argv as typed after `waybill`
 * @throws when it prints a customer's e-mail or a payment token: no command may
 */
export async function runCommand(databaseUrl: string, argv: readonly string[]): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += String(chunk);
      return true;
    }),
  );
  vi.stubEnv('DATABASE_URL', databaseUrl);
  vi.stubEnv('REDIS_URL', '');
  vi.stubEnv('LOG_LEVEL', 'info');
  // Also of a command's own gateway, as for who reconciles.
  vi.stubEnv('MOCK_FAILURE_RATE', '0');
  try {
    const code = await run(argv);
    if (privateLines(`${said.stdout}\n${said.stderr}`).length > 0)
      throw new Error('a command has printed what is private');
    return { code, ...said, json: (): unknown => JSON.parse(said.stdout) };
  } finally {
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}

export const userId = '550e8400-e29b-41d4-a716-446655440000';

export interface Shop extends Waybill {
  /** One piece for 29.99 USD. @returns the order's id */
  order(token: string): Promise<string>;
  readonly productId: string;
}

/** All roles in this process, not listening; it works once told to. @param clock of its database, if it is in the test's hand */
export async function openShop(databaseUrl: string, sku: string, clock?: StoreClock): Promise<Shop> {
  const config = readConfig({ DATABASE_URL: databaseUrl, MOCK_FAILURE_RATE: '0', REDELIVERY_MS: '500' });
  await prepareQueue({ type: 'postgres', url: databaseUrl });
  const log = createLogger({ level: 'silent', pretty: false, role: 'test' });
  const metrics = { render: () => Promise.resolve(''), shutdown: () => Promise.resolve() };
  const waybill = await compose(config, {
    databaseUrl,
    log,
    metrics,
    ...(clock ? { breakerClockMs: clock.monotonicMs } : {}),
  });
  const product = await waybill.app.inject({
    method: 'POST',
    url: '/products',
    payload: { name: 'Wireless mouse', sku, priceCents: 2_999, initialStock: 100 },
  });
  const productId = product.json<{ id: string }>().id;
  let orders = 0;
  return {
    ...waybill,
    productId,
    async order(token) {
      orders += 1;
      const answer = await waybill.app.inject({
        method: 'POST',
        url: '/orders',
        headers: { 'idempotency-key': `${sku}-${orders}` },
        payload: {
          user_id: userId,
          email: customerEmail,
          items: [{ product_id: productId, quantity: 1 }],
          payment: { method: 'card', token: `tok_${token}` },
        },
      });
      return answer.json<{ order_ledger_id: string }>().order_ledger_id;
    },
  };
}
