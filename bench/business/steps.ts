/**
 * The steps of the saga for one order, each one statement, hence one transaction when it runs alone; for the engines that
 * know of steps, not of batches. Idempotent by the order's id.
 */
import type { Order } from './orders.ts';

/** A pool of `pg`, or one of its clients inside a transaction. */
export interface Queryable {
  query(query: {
    readonly name: string;
    readonly text: string;
    readonly values: unknown[];
  }): Promise<{ readonly rowCount: number | null }>;
}

export class PaymentDeclined extends Error {
  override readonly name = 'PaymentDeclined';
  constructor() {
    super('payment declined');
  }
}

const statements = {
  createOrder: `
    with o as (
      insert into orders (id, status, total_cents) values ($1, 'pending', $4) on conflict (id) do nothing returning id)
    insert into order_item (order_id, product_id, quantity) select id, $2, $3 from o`,
  reserve: `
    with u as (
      update product set stock = stock - $3 where id = $2 and stock >= $3
        and not exists (select from reservation where order_id = $1 and product_id = $2) returning id)
    insert into reservation (order_id, product_id, quantity, status) select $1, id, $3, 'held' from u`,
  reserved: `select from reservation where order_id = $1 and product_id = $2`,
  capture: `insert into capture (order_id, amount_cents) values ($1, $2) on conflict (order_id) do nothing`,
  confirm: `update orders set status = 'confirmed', updated_at = now() where id = $1 and status = 'pending'`,
  release: `
    with r as (
      update reservation set status = 'released' where order_id = $1 and status = 'held' returning product_id, quantity)
    update product p set stock = p.stock + r.quantity from r where p.id = r.product_id`,
  cancel: `update orders set status = 'cancelled', updated_at = now() where id = $1 and status = 'pending'`,
  save: `
    insert into saga_state (id, step, status, data) values ($1, $2, $3, $4)
    on conflict (id) do update set step = excluded.step, status = excluded.status, data = excluded.data, updated_at = now()`,
};

const run = (on: Queryable, name: keyof typeof statements, values: unknown[]) =>
  on.query({ name, text: statements[name], values });

export type StepName = 'createOrder' | 'reserve' | 'capture' | 'confirm' | 'release' | 'cancel';

export const steps: Readonly<Record<StepName, (on: Queryable, order: Order) => Promise<void>>> = {
  async createOrder(on, { orderId, productId, quantity, amountCents }) {
    await run(on, 'createOrder', [orderId, productId, quantity, amountCents]);
  },
  async reserve(on, { orderId, productId, quantity }) {
    const { rowCount } = await run(on, 'reserve', [orderId, productId, quantity]);
    if (rowCount === 0 && (await run(on, 'reserved', [orderId, productId])).rowCount === 0)
      throw new Error('out of stock');
  },
  async capture(on, { orderId, amountCents, decline }) {
    if (decline) throw new PaymentDeclined();
    await run(on, 'capture', [orderId, amountCents]);
  },
  async confirm(on, { orderId }) {
    await run(on, 'confirm', [orderId]);
  },
  async release(on, { orderId }) {
    await run(on, 'release', [orderId]);
  },
  async cancel(on, { orderId }) {
    await run(on, 'cancel', [orderId]);
  },
};

export const stepNames = Object.keys(steps) as StepName[];

const nextStep: Readonly<Record<StepName, StepName | null>> = {
  createOrder: 'reserve',
  reserve: 'capture',
  capture: 'confirm',
  confirm: null,
  release: 'cancel',
  cancel: null,
};

/** @returns the next step, or null at the end. A decline goes the way back */
export async function runStep(on: Queryable, name: StepName, order: Order): Promise<StepName | null> {
  try {
    await steps[name](on, order);
    return nextStep[name];
  } catch (error) {
    if (error instanceof PaymentDeclined) return 'release';
    throw error;
  }
}

/** One step of a hand-written saga: its write and the saga's state row, in the caller's transaction. @returns as `runStep` */
export async function stepWithState(on: Queryable, name: StepName, order: Order): Promise<StepName | null> {
  const next = await runStep(on, name, order);
  await run(on, 'save', [order.orderId, stepNumber(name), stateAfter(name, next), JSON.stringify(order)]);
  return next;
}

export const stepNumber = (name: StepName): number => stepNames.indexOf(name) + 1;

export function stateAfter(name: StepName, next: StepName | null): 'running' | 'done' | 'compensated' {
  if (next !== null) return 'running';
  return name === 'confirm' ? 'done' : 'compensated';
}
