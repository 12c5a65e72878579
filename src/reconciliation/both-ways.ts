/**
 * One step through both books side by side, newest first: a page of the gateway's report against our orders, then our
 * orders of the same time, back to that page's last payment, against the gateway.
 */
import type { MoneyCursor, MoneyRecord } from '../services/ledger/money.ts';
import { type GatewayPayment, isAtRest } from './drift.ts';
import { examine, type Examiner, type Theirs } from './examine.ts';
import type { ReportedPayment } from './gateway-books.ts';
import { authorizeKeyOf } from './heal.ts';
import type { Position } from './searches.ts';

export interface Walker extends Examiner {
  /** The store's clock, in epoch milliseconds. */
  readonly clock: () => Promise<number>;
  /** Our orders that claim money, newest first. */
  readonly moneyPage: (page: {
    readonly sinceMs: number;
    readonly after: MoneyCursor | null;
    readonly limit: number;
  }) => Promise<readonly MoneyRecord[]>;
}

/** Payments per page of the report. */
const pageSize = 500;
/** Our orders per step. Those whose payment is on the page need no further look: the others are asked for singly. */
const maxOrders = 1_000;
/** Single questions at a time. */
const lookUpsAtOnce = 8;
const singlesPerBatch = 200;

export function newRound(nowMs: number): Position {
  const start = { gatewayCursor: null, isGatewayDone: false, sinceMs: Infinity, ours: null, isCaughtUp: true };
  return { beganAtMs: nowMs, payments: 0, ...start };
}

/** @returns where the round stands then, or null: it has come to the end of both books */
export async function step(walker: Walker, position: Position): Promise<Position | null> {
  const asOfMs = await walker.clock();
  const reported = new Map<string, ReportedPayment>();
  const next = position.isCaughtUp ? await readReport(walker, position, reported) : position;
  await examine(walker, reported, asOfMs);
  const orders = await walker.moneyPage({ sinceMs: next.sinceMs, after: next.ours, limit: maxOrders });
  const unseen = orders.filter(
    (order) => !reported.has(order.orderId) && isAtRest(order) && order.updatedAtMs <= asOfMs - walker.graceMs,
  );
  await examineSingly(
    walker,
    unseen.map(({ orderId }) => orderId),
  );
  const isCaughtUp = orders.length < maxOrders;
  if (isCaughtUp && next.isGatewayDone) return null;
  return { ...next, isCaughtUp, ours: cursorOf(orders.at(-1)) ?? next.ours };
}

/** @param into gets the payments of the page by the order that they are for; those of other customers' keys are not ours */
async function readReport(
  { books }: Walker,
  position: Position,
  into: Map<string, ReportedPayment>,
): Promise<Position> {
  const { payments, next } = await books.report({ after: position.gatewayCursor, limit: pageSize });
  for (const payment of payments) {
    const orderId = orderOf(payment.authorizeKey);
    if (orderId !== null) into.set(orderId, payment);
  }
  return {
    ...position,
    payments: position.payments + payments.length,
    gatewayCursor: next,
    isGatewayDone: next === null,
    sinceMs: next === null ? 0 : Math.min(position.sinceMs, ...payments.map(({ createdAtMs }) => createdAtMs)),
  };
}

/** Asks the gateway for the payment of each order, and compares. */
export async function examineSingly(walker: Walker, orderIds: readonly string[]): Promise<void> {
  for (let from = 0; from < orderIds.length; from += singlesPerBatch) {
    const asOfMs = await walker.clock();
    const theirs = await lookUp(walker, orderIds.slice(from, from + singlesPerBatch));
    await examine(walker, theirs, asOfMs);
  }
}

async function lookUp({ books }: Walker, orderIds: readonly string[]): Promise<Theirs> {
  const theirs = new Map<string, GatewayPayment | null>();
  const waiting = orderIds.values();
  const lane = async (): Promise<void> => {
    for (const id of waiting) theirs.set(id, await books.findByKey(authorizeKeyOf(id)));
  };
  await Promise.all(Array.from({ length: lookUpsAtOnce }, lane));
  return theirs;
}

/** The order whose payment is authorized under a key; null: the key is not one of ours. */
export function orderOf(authorizeKey: string): string | null {
  return /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):payments\.authorize$/.exec(authorizeKey)?.[1] ?? null;
}

function cursorOf(order: MoneyRecord | undefined): MoneyCursor | null {
  return order ? { createdAtMs: order.createdAtMs, orderId: order.orderId } : null;
}
