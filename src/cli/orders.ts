/** `waybill orders`: what became of orders, and what can be done about one. Prints no e-mail and no payment token. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { retryEvent } from '../actors/index.ts';
import { detailsOf, summaryOf, transitionBody } from '../services/ledger/bodies.ts';
import { isOrderStatus, type OrderStatus, orderStatuses } from '../services/ledger/entry.ts';
import { cancelEvent, type Cancelling, cancellingOf, type OrderTransition } from '../services/ledger/service.ts';
import { type Backend, withBackend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { accountName, operateOn, operatorText, problem, refusalOf, tell } from './operator.ts';
import { dryRunOption, previewBody, previewCommand, previewOn, renderPreview } from './preview.ts';
import { renderHistory, renderOrder, renderOrders } from './render-orders.ts';
import { simulateCommand } from './simulate.ts';
import { withOrder } from './with-order.ts';

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
    .option(...dryRunOption)
    .action(
      wrap((invocation, id: string, { dryRun }: DryRun) =>
        withOrder(invocation, id, dryRun ? previewCancel : cancelOrder),
      ),
    );
  orders
    .command('retry <id>')
    .description('let an order that is parked go on from where it stands')
    .addOption(new Option('--by <name>', 'who; default: this account').argParser(operatorText))
    .addOption(
      new Option('--why <text>', 'the reason, for the record').argParser(operatorText).default('waybill orders retry'),
    )
    .option(...dryRunOption)
    .action(
      wrap((invocation, id: string, { by = accountName(), why, dryRun }: DryRun & { by?: string; why: string }) =>
        withOrder(invocation, id, (backend, orderId) =>
          dryRun
            ? previewCommand(invocation, backend, orderId, retryEvent)
            : retryOrder(invocation, backend, { id: orderId, by, why }),
        ),
      ),
    );
  orders
    .command('history <id>')
    .description('every transition of an order, oldest first')
    .action(wrap((invocation, id: string) => withOrder(invocation, id, showHistory)));
  simulateCommand(orders, wrap);
}

type DryRun = { readonly dryRun?: boolean };

async function listOrders(
  { config, json, print }: Invocation,
  filter: { status?: OrderStatus; limit: number },
): Promise<ExitCode> {
  const found = await withBackend(config, ({ ledger }) => ledger.list(filter));
  print(json ? JSON.stringify(found.map(summaryOf)) : renderOrders(found));
  return exitCodes.done;
}

async function showOrder({ ledger }: Backend, id: string, { json, print }: Invocation): Promise<ExitCode> {
  const order = await ledger.find(id);
  if (!order) throw new Error('orders are never deleted, yet one is gone');
  print(json ? JSON.stringify(detailsOf(order)) : renderOrder(order));
  return exitCodes.done;
}

async function cancelOrder({ ledger }: Backend, id: string, invocation: Invocation): Promise<ExitCode> {
  return tellCancelling(invocation, id, await ledger.cancel(id));
}

async function previewCancel(backend: Backend, id: string, invocation: Invocation): Promise<ExitCode> {
  const { json, print } = invocation;
  const previewed = await previewOn(backend, id, cancelEvent);
  if (previewed.type === 'would_apply') {
    print(json ? JSON.stringify(previewBody(previewed)) : renderPreview(previewed, cancelEvent.type));
    return exitCodes.done;
  }
  // Refused also when the order is being cancelled already.
  const order = await backend.ledger.find(id);
  return tellCancelling(invocation, id, order ? cancellingOf(order, false) : { type: 'not_found' });
}

function tellCancelling(invocation: Invocation, id: string, cancelling: Cancelling): ExitCode {
  const { json, print } = invocation;
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
  let droppedAtMs: number | null = null;
  for (let size = pageSize; size === pageSize;) {
    const page = await ledger.history(id, { afterRevision: transitions.at(-1)?.revision ?? 0, limit: pageSize });
    if (!page) throw new Error('orders are never deleted, yet one is gone');
    transitions.push(...page.transitions);
    size = page.transitions.length;
    ({ droppedAtMs } = page);
  }
  if (json) print(JSON.stringify(transitions.map(transitionBody)));
  else if (droppedAtMs === null) print(renderHistory(transitions));
  else print(`${id}: ended long ago, its history was dropped at ${new Date(droppedAtMs).toISOString()}`);
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
