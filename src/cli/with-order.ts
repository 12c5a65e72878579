/** Runs a command on one order. */
import { type Backend, withBackend } from './backend.ts';
import type { ExitCode, Invocation } from './invocation.ts';
import { problem } from './operator.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export type OrderAction = (backend: Backend, id: string, invocation: Invocation) => Promise<ExitCode>;

/** Runs `action` on an order that exists. */
export async function withOrder(invocation: Invocation, id: string, action: OrderAction): Promise<ExitCode> {
  const unknown = (): ExitCode => problem(invocation, `there is no order ${id}`, { error: 'order_not_found' });
  // What is no UUID names no order, and the database would take offence at it.
  if (!uuid.test(id)) return unknown();
  return withBackend(invocation.config, async (backend) => {
    const order = await backend.ledger.find(id);
    // As the ledger writes it: an actor's id is text, and case counts there.
    return order ? action(backend, order.id, invocation) : unknown();
  });
}
