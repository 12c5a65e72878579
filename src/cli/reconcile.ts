/** `waybill reconcile`: compares our money record with the gateway's books now, shows what differs, and settles it. */
import { type Command, Option } from 'commander';
import type { Finding } from '../reconciliation/findings.ts';
import { GatewayFault } from '../reconciliation/gateway-books.ts';
import type { Settled } from '../reconciliation/service.ts';
import { type Backend, withBackend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { type Operator, operatorText, problem } from './operator.ts';
import { textTable } from './table.ts';

/** More are not shown. */
const maxShown = 1_000;

export function reconcileCommands(waybill: Command, wrap: Wrap): void {
  const reconcile = waybill
    .command('reconcile')
    .description('compare our money record with the gateway’s books; exit code 1 if they differ')
    .action(wrap((invocation) => withBackend(invocation.config, (backend) => runAll(invocation, backend))));
  reconcile
    .command('list')
    .description('what differs, newest first')
    .option('--all', 'also what was closed: healed, settled, or vanished by itself')
    .action(
      wrap((invocation, options: { readonly all?: boolean }) =>
        withBackend(invocation.config, (backend) => list(invocation, backend, options.all === true)),
      ),
    );
  reconcile
    .command('settle <finding>')
    .description('record that a person has seen to it; the same books are no finding from then on')
    .addOption(new Option('--by <name>', 'who does it').argParser(operatorText).makeOptionMandatory())
    .addOption(new Option('--why <text>', 'the reason, for the record').argParser(operatorText).makeOptionMandatory())
    .action(
      wrap((invocation, id: string, operator: Operator) =>
        withBackend(invocation.config, (backend) => settle(invocation, backend, wholeNumber(id), operator)),
      ),
    );
}

async function runAll(invocation: Invocation, backend: Backend): Promise<ExitCode> {
  try {
    await backend.reconciliation.runAll(new AbortController().signal);
  } catch (error) {
    if (!(error instanceof GatewayFault)) throw error;
    return problem(invocation, `the gateway cannot be asked: ${error.message}`, { error: 'gateway_fault' });
  }
  const open = await backend.reconciliation.list({ state: 'open', limit: maxShown });
  show(invocation, open);
  return open.length === 0 ? exitCodes.done : exitCodes.problem;
}

async function list(invocation: Invocation, { reconciliation }: Backend, all: boolean): Promise<ExitCode> {
  show(invocation, await reconciliation.list({ state: all ? null : 'open', limit: maxShown }));
  return exitCodes.done;
}

async function settle(
  invocation: Invocation,
  { reconciliation }: Backend,
  id: number,
  { by, why }: Operator,
): Promise<ExitCode> {
  const settled = await reconciliation.settle(id, by, why);
  if (settled.type !== 'settled') return problem(invocation, refusal(id, settled), { error: settled.type });
  invocation.print(invocation.json ? JSON.stringify(findingBody(settled.finding)) : `${id}: settled by ${by}`);
  return exitCodes.done;
}

function refusal(id: number, settled: Exclude<Settled, { readonly type: 'settled' }>): string {
  return settled.type === 'not_found'
    ? `${id}: there is no such finding`
    : `${id}: it is ${settled.finding.state} already`;
}

function show({ json, print }: Invocation, found: readonly Finding[]): void {
  if (json) print(JSON.stringify(found.map(findingBody)));
  else print(found.length === 0 ? 'the books agree' : renderFindings(found));
}

export function findingBody(finding: Finding) {
  const { id, kind, orderId, ours, theirs, remedy, state, by, why } = finding;
  const instant = (ms: number): string => new Date(ms).toISOString();
  return {
    id,
    kind,
    order_ledger_id: orderId,
    ours,
    theirs,
    remedy,
    state,
    first_seen_at: instant(finding.firstSeenAtMs),
    last_seen_at: instant(finding.lastSeenAtMs),
    closed_at: finding.closedAtMs === null ? null : instant(finding.closedAtMs),
    by,
    why,
  };
}

export function renderFindings(found: readonly Finding[]): string {
  const rows = found.map(({ id, kind, orderId, state, remedy, ours, theirs, by, why }) => [
    id,
    kind,
    orderId,
    state === 'open' ? `open, for a ${remedy}` : `${state} by ${by}: ${why}`,
    amounts(ours),
    amounts(theirs),
  ]);
  return textTable(['finding', 'kind', 'order', 'state', 'ours', 'the gateway'], rows);
}

/** `authorized 5998 USD, captured 5998`: what is not zero, in minor units. */
function amounts(side: unknown): string {
  if (typeof side !== 'object' || side === null) return 'nothing';
  const currency = 'currency' in side && typeof side.currency === 'string' ? side.currency : '';
  const values = new Map<string, unknown>(Object.entries(side));
  const parts = ['authorized', 'captured', 'voided', 'refunded', 'expired'].flatMap((name) => {
    const cents = values.get(`${name}Cents`);
    return typeof cents === 'number' && cents !== 0 ? [`${name} ${cents}`] : [];
  });
  return `${parts.join(', ') || '0'} ${currency}`.trimEnd();
}
