/** The order ledger's money record, as it is compared with the gateway's books. Reads only. */
import { type Static, Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../../persistence/sql.ts';
import { orderStatuses, type OrderStatus, type Settlement } from './entry.ts';

/** Instants in epoch milliseconds. */
export interface MoneyRecord {
  readonly orderId: string;
  /** As its saga has it: an order that the runtime has parked keeps the status it stood at. */
  readonly status: OrderStatus;
  /** The runtime has parked its saga, wherever it stood. */
  readonly isHalted: boolean;
  readonly currency: string;
  readonly totalCents: number;
  readonly authorizationId: string | null;
  readonly authorizedCents: number;
  readonly capturedCents: number;
  readonly voidedCents: number;
  readonly refundedCents: number;
  readonly expiredCents: number;
  readonly settlement: Settlement | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A place in the list of orders, newest first. */
export interface MoneyCursor {
  readonly createdAtMs: number;
  readonly orderId: string;
}

const Cents = Type.Integer();
const MoneyRow = Type.Object({
  orderId: Type.String(),
  status: Type.Unsafe<OrderStatus>(Type.Union(orderStatuses.map((status) => Type.Literal(status)))),
  isHalted: Type.Boolean(),
  currency: Type.String(),
  totalCents: Cents,
  authorizationId: Type.Union([Type.String(), Type.Null()]),
  authorizedCents: Cents,
  capturedCents: Cents,
  voidedCents: Cents,
  refundedCents: Cents,
  expiredCents: Cents,
  settlement: Type.Unsafe<Settlement | null>(
    Type.Union([Type.Object({ voidedCents: Cents, refundedCents: Cents }), Type.Null()]),
  ),
  createdAtMs: Type.Number(),
  updatedAtMs: Type.Number(),
});
const moneyRow = row(MoneyRow);

const moneyColumns = sql.fragment`
  id as "orderId", status, park_reason is not null as "isHalted", currency, total_cents as "totalCents",
  authorization_id as "authorizationId", authorized_cents as "authorizedCents", captured_cents as "capturedCents",
  voided_cents as "voidedCents", refunded_cents as "refundedCents", expired_cents as "expiredCents", settlement,
  created_at as "createdAtMs", updated_at as "updatedAtMs"`;

/** The records of those orders that exist. Locks nothing. Index: entry_pkey. */
export function moneyOf(
  db: CommonQueryMethods,
  orderIds: readonly string[],
): Promise<readonly Static<typeof MoneyRow>[]> {
  return db.any(sql.type(moneyRow)`
    select ${moneyColumns} from ledger.entry where id = any(${sql.array([...orderIds], 'uuid')})`);
}

/**
 * Orders whose record says that the gateway has authorized something, newest first, back to `sinceMs`. Locks nothing.
 * Index: entry_created_at, backwards.
 * @param page `after`: only what comes after this order in the list
 */
export function moneyPage(
  db: CommonQueryMethods,
  page: { readonly sinceMs: number; readonly after: MoneyCursor | null; readonly limit: number },
): Promise<readonly MoneyRecord[]> {
  const { sinceMs, after, limit } = page;
  const from =
    after === null
      ? sql.fragment`true`
      : sql.fragment`(created_at, id) < (actors.from_ms(${after.createdAtMs}), ${after.orderId}::uuid)`;
  return db.any(sql.type(moneyRow)`
    select ${moneyColumns} from ledger.entry
    where created_at >= actors.from_ms(${sinceMs}) and ${from} and (authorization_id is not null or authorized_cents > 0)
    order by created_at desc, id desc limit ${limit}`);
}
