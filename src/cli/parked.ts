/** `waybill parked`: the actors that wait for a person, and the two things a person can do: retry, or settle by hand. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { retryEvent } from '../actors/index.ts';
import { listParked, type ParkedActor, storeClock } from '../persistence/operations.ts';
import { type Backend, withBackend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { type Operated, operateOn, type Operator, operatorText, problem, refusalOf, tell } from './operator.ts';
import { dryRunOption, previewBody, previewCommand, type Previewed, previewOn, renderPreview } from './preview.ts';
import { duration, textTable } from './table.ts';

/** More are not listed, nor retried in one go. */
const maxParked = 10_000;
/** Events on their way at a time: they share commits. */
const retriesAtOnce = 100;
const maxCents = 2_147_483_647;

export function parkedCommands(waybill: Command, wrap: Wrap): void {
  const parked = waybill.command('parked').description('actors that wait for a person');
  parked
    .command('list')
    .description('who waits, since when and why, longest first')
    .action(wrap((invocation) => withBackend(invocation.config, (backend) => list(invocation, backend))));
  operatorOptions(
    parked
      .command('retry [ids...]')
      .description('let parked actors go on from where they stand')
      .option('--all', 'every one that is parked now')
      .option(...dryRunOption),
  ).action(wrap(retry));
  operatorOptions(
    parked
      .command('resolve <id>')
      .description('record how the money of an order was settled by hand; the order goes on from there')
      .addOption(new Option('--voided-cents <n>', 'what was voided outside').argParser(cents).makeOptionMandatory())
      .addOption(new Option('--refunded-cents <n>', 'what was refunded outside').argParser(cents).makeOptionMandatory())
      .option(...dryRunOption),
  ).action(wrap(resolve));
}

function operatorOptions(command: Command): Command {
  return command
    .addOption(new Option('--by <name>', 'who does it').argParser(operatorText).makeOptionMandatory())
    .addOption(new Option('--why <text>', 'the reason, for the record').argParser(operatorText).makeOptionMandatory());
}

async function list({ json, print }: Invocation, { pool }: Backend): Promise<ExitCode> {
  const found = await listParked(pool, maxParked);
  const nowMs = await storeClock(pool);
  print(json ? JSON.stringify(found.map((actor) => parkedBody(actor, nowMs))) : renderParked(found, nowMs));
  return exitCodes.done;
}

function parkedBody(actor: ParkedActor, nowMs: number) {
  const { id, machine, state, by, reason, sinceMs } = actor;
  return {
    id,
    machine,
    state,
    parked_by: by,
    reason,
    since: new Date(sinceMs).toISOString(),
    age_ms: Math.max(0, nowMs - sinceMs),
  };
}

export function renderParked(parked: readonly ParkedActor[], nowMs: number): string {
  if (parked.length === 0) return 'nothing is parked';
  const rows = parked.map(({ id, machine, state, by, reason, sinceMs }) => [
    duration(nowMs - sinceMs),
    id,
    machine,
    state,
    by,
    reason,
  ]);
  return textTable(['for', 'actor', 'machine', 'state', 'parked by', 'reason'], rows);
}

async function retry(
  invocation: Invocation,
  ids: string[],
  options: Operator & { readonly all?: boolean; readonly dryRun?: boolean },
): Promise<ExitCode> {
  if (ids.length > 0 === (options.all === true)) {
    process.stderr.write('waybill: name the actors to retry, or give --all\n');
    return exitCodes.wrongUse;
  }
  return withBackend(invocation.config, async (backend) => {
    const { pool, system } = backend;
    const named = options.all ? (await listParked(pool, maxParked)).map(({ id }) => id) : [...new Set(ids)];
    const answers: (Operated | Previewed)[] = [];
    for (let from = 0; from < named.length; from += retriesAtOnce) {
      const some = named.slice(from, from + retriesAtOnce);
      const operated = (id: string) =>
        options.dryRun ? previewOn(backend, id, retryEvent) : operateOn(system, id, retryEvent, options);
      answers.push(...(await Promise.all(some.map(operated))));
    }
    return report(invocation, answers);
  });
}

function report({ json, print }: Invocation, answers: readonly (Operated | Previewed)[]): ExitCode {
  if (json) print(JSON.stringify(answers.map((answer) => (answer.type === 'applied' ? answer : previewBody(answer)))));
  else if (answers.length === 0) print('nothing is parked');
  for (const answer of json ? [] : answers) {
    if (answer.type === 'applied') print(tell(answer, retryEvent.type));
    else if (answer.type === 'would_apply') print(renderPreview(answer, retryEvent.type));
    else process.stderr.write(`waybill: ${tell(answer, retryEvent.type)}\n`);
  }
  const well = answers.every(({ type }) => type === 'applied' || type === 'would_apply');
  return well ? exitCodes.done : exitCodes.problem;
}

interface ResolveOptions extends Operator {
  readonly voidedCents: number;
  readonly refundedCents: number;
  readonly dryRun?: boolean;
}

async function resolve(invocation: Invocation, id: string, options: ResolveOptions): Promise<ExitCode> {
  const { by, why, voidedCents, refundedCents } = options;
  const event = { type: 'RESOLVE', settlement: { by, why, voidedCents, refundedCents } };
  return withBackend(invocation.config, async (backend) => {
    if (options.dryRun) return previewCommand(invocation, backend, id, event);
    const operated = await operateOn(backend.system, id, event, { by, why });
    const line = tell(operated, event.type);
    if (operated.type !== 'applied') return problem(invocation, line, refusalOf(operated));
    invocation.print(invocation.json ? JSON.stringify(operated) : line);
    return exitCodes.done;
  });
}

function cents(value: string): number {
  const amountCents = wholeNumber(value);
  if (amountCents > maxCents) throw new InvalidArgumentError(`expected at most ${maxCents}`);
  return amountCents;
}
