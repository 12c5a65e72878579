/** Orders that have ended in every way, and what a test does to their books behind everybody's back. */
import type pg from 'pg';
import { type DriftKind } from '../../src/reconciliation/drift.ts';
import type { ReconciliationObserver } from '../../src/reconciliation/examine.ts';
import { createReconciliation, type Reconciliation } from '../../src/reconciliation/service.ts';
import { injectTransport, type Transport } from '../../src/effects/transport.ts';
import { actorStore } from '../../src/persistence/actor-store.ts';
import type { DatabasePool } from '../../src/persistence/pool.ts';
import { processPorts } from '../../src/process-ports.ts';
import type { App } from '../../src/http/app.ts';
import type { Finding } from '../../src/reconciliation/findings.ts';
import { beforeAll } from 'vitest';
import { openShop, type Shop, userId } from '../cli/command.ts';
import { type TestDatabase, useDatabase } from '../support/database.ts';
import { installClock, type StoreClock } from '../support/store-clock.ts';
import { eventually } from '../support/wait.ts';

/** Longer than the grace that a late answer has. */
export const graceMs = 10_000;
export const never = new AbortController().signal;

export interface Told {
  readonly found: string[];
  readonly closed: string[];
  readonly faults: string[];
  open: Readonly<Partial<Record<DriftKind, number>>>;
}

/** What workers search by themselves would come between a test's own steps. */
const searchesSleep = `update reconciliation.search set next_at = 'infinity'`;
export const searchesWake = `update reconciliation.search set next_at = '-infinity'`;

export interface ByHand {
  readonly voidedCents: number;
  readonly refundedCents: number;
}

export interface Books extends TestDatabase {
  /** All roles in this process, at work. */
  readonly shop: Shop;
  readonly clock: StoreClock;
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Calls the API, the gateway's too. @throws unless it is accepted */
  post(url: string, body: object): Promise<void>;
  /** A payment under a key of the caller's, behind our back. */
  authorize(key: string): Promise<void>;
  /** An order whose status has become this one. @returns its id */
  ordered(token: string, status: string): Promise<string>;
  /** A failed order whose undo the gateway refused to carry out, until a person said that it was settled by hand. */
  resolved(settlement: ByHand): Promise<string>;
  /** A person says so of an order that is parked in the undo of its payment. */
  resolve(orderId: string, settlement: ByHand): Promise<void>;
  authorizationOf(orderId: string): Promise<string>;
  /** Changes a payment in the gateway's own tables. */
  tamper(orderId: string, change: string): Promise<void>;
  /** Writes an entry into the gateway's own ledger, as a call of its kind would. */
  enter(orderId: string, kind: string, amountCents: number): Promise<void>;
  /** Time passes until what has ended is compared. */
  rests(): Promise<void>;
  /** Of one order, newest first. */
  findingsOf(orderId: string): Promise<readonly Finding[]>;
}

/** Call it at the top of a file. */
export function useBooks(): Books {
  const database = useDatabase({ maxConnections: 20 });
  let opened: { readonly shop: Shop; readonly clock: StoreClock } | undefined;
  const current = (): NonNullable<typeof opened> => {
    if (!opened) throw new Error('the shop is there from beforeAll on');
    return opened;
  };
  beforeAll(async () => {
    const clock = await installClock(database.pg());
    await database.pg().query(searchesSleep);
    const shop = await openShop(database.url(), 'MOUSE', clock);
    shop.work();
    opened = { shop, clock };
    return () => shop.close();
  });
  const books: Books = {
    ...database,
    get shop() {
      return current().shop;
    },
    get clock() {
      return current().clock;
    },
    query: async (text, values = []) => (await database.pg().query<Record<string, unknown>>(text, [...values])).rows,
    async post(url, payload) {
      const answer = await books.shop.app.inject({ method: 'POST', url, payload });
      if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`);
    },
    authorize: (key) =>
      books.post('/payments/authorize', {
        user_id: userId,
        amount_cents: 2_999,
        currency: 'USD',
        payment_token: 'tok',
        idempotency_key: key,
      }),
    async ordered(token, status) {
      const id = await books.shop.order(token);
      await ends(books, id, status);
      return id;
    },
    async resolved(settlement) {
      const id = await books.ordered('capture_declined_void_fails_5', 'NEEDS_ATTENTION');
      await books.resolve(id, settlement);
      return id;
    },
    async resolve(id, settlement) {
      const operator = { by: 'bob', why: 'by hand' };
      await books.post(`/actors/${id}/events`, {
        type: 'RESOLVE',
        settlement: { voided_cents: settlement.voidedCents, refunded_cents: settlement.refundedCents },
        ...operator,
      });
      await ends(books, id, 'FAILED');
    },
    async authorizationOf(orderId) {
      const [payment] = await books.query('select authorization_id from payments.payment where authorize_key = $1', [
        keyOf(orderId),
      ]);
      return String(payment?.['authorization_id']);
    },
    async tamper(orderId, change) {
      await books.query(`update payments.payment set ${change} where authorize_key = $1`, [keyOf(orderId)]);
    },
    async enter(orderId, kind, amountCents) {
      await books.query(
        `insert into payments.entry (authorization_id, kind, key, amount_cents)
         select authorization_id, $2, 'desk-' || $1, $3 from payments.payment where authorize_key = $1`,
        [keyOf(orderId), kind, amountCents],
      );
    },
    rests: () => books.clock.jump(graceMs + 1_000),
    findingsOf: async (orderId) =>
      (await books.shop.reconciliation.list({ state: null, limit: 1_000 })).filter((one) => one.orderId === orderId),
  };
  return books;
}

export function keyOf(orderId: string): string {
  return `${orderId}:payments.authorize`;
}

/** As `<kind> <remedy> <state>`. */
export function told(found: readonly Finding[]): readonly string[] {
  return found.map(({ kind, remedy, state }) => `${kind} ${remedy} ${state}`);
}

async function ends(books: Books, id: string, status: string): Promise<void> {
  const ended = async (): Promise<boolean> => {
    await books.clock.skipBackoffs(id);
    return (await books.query('select status from ledger.entry where id = $1', [id]))[0]?.['status'] === status;
  };
  await eventually(ended, { what: `${id} at ${status}` });
}

/** One more process that reconciles. */
export function reconciler(
  pool: DatabasePool,
  gateway: Transport,
): { readonly reconciliation: Reconciliation; readonly told: Told } {
  const told: Told = { found: [], closed: [], faults: [], open: {} };
  const observer: ReconciliationObserver & { counted(open: Told['open']): void } = {
    found: ({ kind, orderId }) => void told.found.push(`${kind} ${orderId}`),
    closed: ({ kind, state }) => void told.closed.push(`${kind} ${state}`),
    fault: ({ message }) => void told.faults.push(message),
    counted: (open) => void (told.open = open),
  };
  const options = { pool, gateway, actors: actorStore(pool), observer, process: processPorts, graceMs };
  return { reconciliation: createReconciliation(options), told };
}

/** The gateway that an app serves, and a say in what becomes of each call. */
export function gatewayOf(
  app: App,
  around: (path: string, send: () => ReturnType<Transport>) => ReturnType<Transport> = (_path, send) => send(),
): Transport {
  const transport = injectTransport(app);
  return (request) => around(request.path, () => transport(request));
}

/** What the gateway has written down about an order's payment, as `<kind> <cents>`. */
export async function gatewayEntries(db: pg.Pool, orderId: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ line: string }>(
    `select e.kind || ' ' || e.amount_cents as line from payments.entry e join payments.payment p using (authorization_id)
     where p.authorize_key = $1 order by e.id`,
    [keyOf(orderId)],
  );
  return rows.map(({ line }) => line);
}
