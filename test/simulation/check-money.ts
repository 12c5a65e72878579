/** The gateway against the sagas: nothing is held for an order that is over, nothing moves twice, whatever comes late. */
import type { ActorRow } from '../../src/actors/index.ts';
import { orderOf } from './books.ts';
import type { Violated } from './check-commit.ts';
import type { Account, Gateway } from './gateway.ts';
import type { Tables } from './memory-database.ts';

export function checkMoney(tables: Tables, gateway: Gateway, violated: Violated): void {
  const holding = new Set<string>();
  for (const [key, account] of gateway.accounts) {
    const order = tables.actors.get(orderOfKey(key));
    if (!order || !account.payment) continue;
    if (!isAsChecked(order, account)) checkAccount(order, account, violated);
    if (account.payment.authorizedCents === 0) continue;
    if (holding.has(order.id)) violated(`E1: ${order.id} was authorized twice`);
    holding.add(order.id);
  }
}

/** `<order>:<effect>`, whatever a fault has made of the effect. */
function orderOfKey(key: string): string {
  const end = key.indexOf(':');
  return end < 0 ? key : key.slice(0, end);
}

interface Checked {
  readonly order: ActorRow;
  readonly payment: Account['payment'];
  readonly entries: number;
}

const checked = new WeakMap<Account, Checked>();

/** Whether neither the order nor the account has changed since it was looked at: rows and payments are never altered. */
function isAsChecked(order: ActorRow, account: Account): boolean {
  const { payment, entries } = account;
  const last = checked.get(account);
  if (last?.order === order && last.payment === payment && last.entries === entries.length) return true;
  checked.set(account, { order, payment, entries: entries.length });
  return false;
}

const onceEach = ['authorize', 'capture', 'void', 'refund'] as const;

function checkAccount(order: ActorRow, { payment, entries }: Account, violated: Violated): void {
  if (!payment) return;
  const { authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = payment;
  for (const kind of onceEach)
    if (entries.filter((entry) => entry.kind === kind).length > 1) violated(`E1: two of ${kind} for ${order.id}`);
  if (capturedCents > authorizedCents || refundedCents > capturedCents) violated(`M4: ${order.id}`);
  if (order.snapshot.status !== 'done') return;
  const { totalCents } = orderOf(order.snapshot.context);
  const isWhole = capturedCents === totalCents && voidedCents + refundedCents === 0;
  if (order.path === 'completed' && !isWhole) violated(`M1: ${order.id} completed with ${capturedCents} captured`);
  const isHeld = authorizedCents !== capturedCents + voidedCents + expiredCents || capturedCents !== refundedCents;
  if (order.path === 'completed' || !isHeld) return;
  const letter = order.path === 'authorizationFailed' ? 'M3' : 'M2';
  violated(`${letter}: money is held for ${order.id}, which ${order.path}`);
}
