/** `waybill orders`: what became of orders, and what can be done about one. Prints no e-mail and no payment token. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { retryEvent } from '../actors/index.ts';
import { detailsOf, summaryOf, transitionBody } from '../services/ledger/bodies.ts';
import { isOrderStatus, type OrderStatus, orderStatuses } from '../services/ledger/entry.ts';
import type { OrderTransition } from '../services/ledger/service.ts';
import { type Backend, withBackend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { accountName, operateOn, operatorText, problem, refusalOf, tell } from './operator.ts';
import { renderHistory, renderOrder, renderOrders } from './render-orders.ts';

const defaultLimit = 20;
const maxLimit = 1_000;

export function orderCommands(waybill: Command, wrap: Wrap): void {
  const orders = waybill.command('orders').description('look at orders, cancel one, retry one that is parked');
  orders
    .command('list')
    .description('orders, newest first')
    .addOption(new Option('--status <status>', orderStatuses.join(', ')).argParser(orderStatus))
    .addOption(new Option('--limit <n>', `how many, at most ${maxLimit}`).argParser(limit).default(defaultLimit))
    .action(wrap(listOrders));
  orders
    .command('show <id>')
    .description('one order as it stands')
    .action(wrap((invocation, id: string) => withOrder(invocation, id, showOrder)));
  orders
    .command('cancel <id>')
    .description('cancel an order that is not past recall; what has happened already is undone')
    .action(wrap((invocation, id: string) => withOrder(invocation, id, cancelOrder)));
  orders
    .command('retry <id>')
    .description('let an order that is parked go on from where it stands')
    .addOption(new Option('--by <name>', 'who; default: this account').argParser(operatorText))
    .addOption(
      new Option('--why <text>', 'the reason, for the record').argParser(operatorText).default('waybill orders retry'),
    )
    .action(
      wrap((invocation, id: string, { by = accountName(), why }: { by?: string; why: string }) =>
        withOrder(invocation, id, (backend, orderId) => retryOrder(invocation, backend, { id: orderId, by, why })),
      ),
    );
  orders
    .command('history <id>')
    .description('every transition of an order, oldest first')
    .action(wrap((invocation, id: string) => withOrder(invocation, id, showHistory)));
}

async function listOrders(
  { config, json, print }: Invocation,
  filter: { status?: OrderStatus; limit: number },
): Promise<ExitCode> {
  const found = await withBackend(config, ({ ledger }) => ledger.list(filter));
  print(json ? JSON.stringify(found.map(summaryOf)) : renderOrders(found));
  return exitCodes.done;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type OrderAction = (backend: Backend, id: string, invocation: Invocation) => Promise<ExitCode>;

/** Runs `action` on an order that exists. */
async function withOrder(invocation: Invocation, id: string, action: OrderAction): Promise<ExitCode> {
  const unknown = (): ExitCode => problem(invocation, `there is no order ${id}`, { error: 'order_not_found' });
  // What is no UUID names no order, and the database would take offence at it.
  if (!uuid.test(id)) return unknown();
  return withBackend(invocation.config, async (backend) => {
    const order = await backend.ledger.find(id);
    // As the ledger writes it: an actor's id is text, and case counts there.
    return order ? action(backend, order.id, invocation) : unknown();
  });
}

async function showOrder({ ledger }: Backend, id: string, { json, print }: Invocation): Promise<ExitCode> {
  const order = await ledger.find(id);
  if (!order) throw new Error('orders are never deleted, yet one is gone');
  print(json ? JSON.stringify(detailsOf(order)) : renderOrder(order));
  return exitCodes.done;
}

async function cancelOrder({ ledger }: Backend, id: string, invocation: Invocation): Promise<ExitCode> {
  const { json, print } = invocation;
  const cancelling = await ledger.cancel(id);
  switch (cancelling.type) {
    case 'accepted':
      print(
        json
          ? JSON.stringify({ order_ledger_id: id, status: cancelling.status })
          : `${id}: will be cancelled, now ${cancelling.status}`,
      );
      return exitCodes.done;
    case 'not_cancellable': {
      const facts = { error: cancelling.type, order_ledger_id: id, status: cancelling.status };
      return problem(invocation, `${id}: is ${cancelling.status}, which cannot be cancelled any more`, facts);
    }
    case 'not_found':
      throw new Error('orders are never deleted, yet one is gone');
    default:
      return cancelling satisfies never;
  }
}

async function retryOrder(
  invocation: Invocation,
  { system }: Backend,
  { id, ...operator }: { id: string; by: string; why: string },
): Promise<ExitCode> {
  const operated = await operateOn(system, id, retryEvent, operator);
  const line = tell(operated, retryEvent.type);
  if (operated.type !== 'applied') return problem(invocation, line, refusalOf(operated));
  invocation.print(
    invocation.json ? JSON.stringify({ order_ledger_id: operated.id, revision: operated.revision }) : line,
  );
  return exitCodes.done;
}

const pageSize = 100;

async function showHistory({ ledger }: Backend, id: string, { json, print }: Invocation): Promise<ExitCode> {
  const transitions: OrderTransition[] = [];
  for (let page: readonly OrderTransition[] | null = []; page !== null;) {
    page = await ledger.history(id, { afterRevision: transitions.at(-1)?.revision ?? 0, limit: pageSize });
    transitions.push(...(page ?? []));
    if ((page?.length ?? 0) < pageSize) break;
  }
  print(json ? JSON.stringify(transitions.map(transitionBody)) : renderHistory(transitions));
  return exitCodes.done;
}

function orderStatus(value: string): OrderStatus {
  const status = value.toUpperCase();
  if (!isOrderStatus(status)) throw new InvalidArgumentError(`expected one of ${orderStatuses.join(', ')}`);
  return status;
}

function limit(value: string): number {
  const n = wholeNumber(value);
  if (n < 1 || n > maxLimit) throw new InvalidArgumentError(`expected 1 to ${maxLimit}`);
  return n;
}
