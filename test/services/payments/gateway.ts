/** A payment gateway on a test's database: its app, short calls to it, and the checks its tables must always pass. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { DatabasePool } from '../../../src/persistence/pool.ts';
import { v7 as uuidv7 } from 'uuid';
import { type App, buildApp } from '../../../src/http/app.ts';
import payments, { type PaymentsOptions } from '../../../src/services/payments/plugin.ts';
import { paymentService } from '../../../src/services/payments/service.ts';
import { failTheRun } from '../../support/fail-the-run.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
}

export interface Gateway {
  readonly app: App;
  post(path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Authorizes 5000 cents with a token, under a key. */
  authorize(token: string, key: string, over?: object): Promise<Answer>;
  /** Authorizes and expects it to succeed. @returns the authorization id */
  authorized(token: string, key: string): Promise<string>;
}

export const userId = '550e8400-e29b-41d4-a716-446655440000';

export function newKey(): string {
  return randomUUID();
}

/** @param prepare adds hooks, before the plugin is there */
export async function openGateway(
  pool: DatabasePool,
  options: Partial<PaymentsOptions> = {},
  prepare: (app: App) => void = () => undefined,
): Promise<Gateway> {
  const app = await buildApp();
  prepare(app);
  const service = paymentService({ pool, newId: uuidv7, onSplit: failTheRun });
  await app.register(payments, { service, weather: { latencyMs: 0, failureRate: 0 }, random: () => 0, ...options });
  await app.ready();
  const call = async (method: 'GET' | 'POST', url: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await app.inject({ method, url, headers, ...(body && { payload: body }) });
    return {
      status: response.statusCode,
      text: response.body,
      body: response.json<Record<string, unknown>>(),
      headers: response.headers,
    };
  };
  const gateway: Gateway = {
    app,
    post: (path, body, headers) => call('POST', path, body, headers),
    get: (path) => call('GET', path),
    authorize: (token, key, over = {}) =>
      call('POST', '/payments/authorize', { ...authorizeBody(token, key), ...over }),
    authorized: async (token, key) => {
      const { status, body } = await gateway.authorize(token, key);
      if (status !== 200) throw new Error(`authorize answered ${status}`);
      return String(body['authorization_id']);
    },
  };
  return gateway;
}

export function authorizeBody(token: string, key: string) {
  return { user_id: userId, amount_cents: 5000, currency: 'USD', payment_token: token, idempotency_key: key };
}

/** The body of a payment as the gateway answers it. */
export function paymentBody(authorizationId: string | null, status: string, amounts: Record<string, number> = {}) {
  return {
    authorization_id: authorizationId,
    status,
    currency: 'USD',
    authorized_cents: 5000,
    captured_cents: 0,
    voided_cents: 0,
    refunded_cents: 0,
    expired_cents: 0,
    ...amounts,
  };
}

/** The ledger entries of an authorize key, in the order written. */
export async function entriesOf(db: pg.Pool, authorizeKey: string): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(
    `select entry.kind || ' ' || entry.amount_cents as line
     from payments.entry join payments.payment using (authorization_id)
     where authorize_key = $1 order by entry.id`,
    [authorizeKey],
  );
  return rows.map(({ line }) => line);
}

/**
 * @throws when something is found that must never be: payments whose amounts are not the sums of their ledger entries, more given than held,
 * keys that were committed without an answer, and anything that still holds a token.
 */
export async function assertConsistent(db: pg.Pool): Promise<void> {
  const { rows } = await db.query(`
    with total as (
      select authorization_id,
        coalesce(sum(amount_cents) filter (where kind = 'authorize'), 0) as authorized,
        coalesce(sum(amount_cents) filter (where kind = 'capture'), 0) as captured,
        coalesce(sum(amount_cents) filter (where kind in ('void', 'release')), 0) as voided,
        coalesce(sum(amount_cents) filter (where kind = 'refund'), 0) as refunded,
        coalesce(sum(amount_cents) filter (where kind = 'expire'), 0) as expired,
        count(*) filter (where kind in ('authorize', 'decline')) as opened
      from payments.entry group by authorization_id
    )
    select 'ledger' as what, p.authorization_id::text as which
    from payments.payment p left join total t using (authorization_id)
    where t.opened is distinct from 1
      or (p.authorized_cents, p.captured_cents, p.voided_cents, p.refunded_cents, p.expired_cents)
        is distinct from (t.authorized, t.captured, t.voided, t.refunded, t.expired)
      or t.captured > t.authorized or t.refunded > t.captured or t.captured + t.voided + t.expired > t.authorized
    union all
    select 'unanswered key', operation || ' ' || key from payments.request where answer is null
    union all
    select 'token kept', authorization_id::text from payments.payment p where p::text like '%tok\\_%'
    union all
    select 'token kept', key from payments.request r where r::text like '%tok\\_%'`);
  if (rows.length > 0) throw new Error(`the gateway's tables disagree: ${JSON.stringify(rows)}`);
}
