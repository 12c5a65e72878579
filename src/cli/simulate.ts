/** `waybill orders simulate`: what would become of an order if. Writes nothing, sends nothing, calls nothing. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  forkOf,
  type Possible,
  possibleInputs,
  type ReadWhatIf,
  type ReadWhatIfs,
  readWhatIfs,
  simulate,
  type Simulation,
} from '../actors/index.ts';
import { likelyAnswersOf } from '../effects/likely-answers.ts';
import { storeClock } from '../persistence/operations.ts';
import { simulationBody } from '../what-if/simulation-body.ts';
import type { Backend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { problem } from './operator.ts';
import { renderSimulation } from './render-simulation.ts';
import { withOrder } from './with-order.ts';

interface SimulateOptions {
  readonly events?: string;
  readonly at?: number;
}

const grammar = `CANCEL, RESOLVE {"settlement":{…}}, capture refused, capture refused {"code":"authorization_expired"},
timer backoff, wait 15m, happy (every effect is done); separated by commas or line ends; without: what may happen next`;

export function simulateCommand(orders: Command, wrap: Wrap): void {
  orders
    .command('simulate <id>')
    .description('what would become of an order if; nothing is written, sent or called')
    .option('--events <list>', grammar.replaceAll('\n', ' '))
    .addOption(new Option('--at <revision>', 'fork the order as it stood then').argParser(revision))
    .action(
      wrap((invocation, id: string, options: SimulateOptions) =>
        withOrder(invocation, id, (backend, orderId) =>
          simulateOrder(invocation, backend, { id: orderId, ...options }),
        ),
      ),
    );
}

async function simulateOrder(
  invocation: Invocation,
  { pool, system }: Backend,
  { id, events = '', at }: SimulateOptions & { readonly id: string },
): Promise<ExitCode> {
  const fork = await forkOf(system, id, at);
  if (fork.type === 'absent') throw new Error('an order without its actor');
  if (fork.type === 'left') {
    const { machine, version } = fork.actor;
    const facts = { error: 'unknown_version', machine, version };
    return problem(invocation, `${id}: is on ${machine} version ${version}, which this build does not have`, facts);
  }
  if (fork.type === 'no such revision')
    return wrongUse(invocation, `${id}: its revisions are 1 to ${fork.actor.revision}`, { error: 'no_such_revision' });
  if (fork.type === 'migrated')
    return problem(invocation, `${id}: was migrated by revision ${at}; simulate it as it is now`, {
      error: 'migrated',
    });
  const read = readWhatIfs(events);
  const { machine, row, atMs } = fork;
  const nowMs = atMs ?? (await storeClock(pool));
  const inputs = read.inputs.map(({ input }) => input);
  const simulation = simulate(machine, row, inputs, { nowMs, likelyAnswers: likelyAnswersOf(machine.id) });
  if (read.type === 'malformed') return malformed(invocation, read, simulation);
  invocation.print(invocation.json ? JSON.stringify(simulationBody(simulation)) : renderSimulation(simulation));
  return reportRefused(invocation, read.inputs, simulation);
}

/** What could not be brought, or was refused, is said again beside the table: where it was written, and what may be. */
function reportRefused({ json }: Invocation, inputs: readonly ReadWhatIf[], simulation: Simulation): ExitCode {
  let code: ExitCode = simulation.stopped === 'too many steps' ? exitCodes.problem : exitCodes.done;
  for (const step of simulation.steps) {
    if (step.type === 'parked') code = exitCodes.problem;
    if (step.type !== 'refused' && step.type !== 'impossible') continue;
    code = step.type === 'refused' ? exitCodes.problem : exitCodes.wrongUse;
    const line = mistake(step.input, inputs[step.input]?.at ?? 1, `${step.text}: ${step.reason}`, step.possible);
    if (!json) process.stderr.write(`waybill: ${line}\n`);
  }
  if (simulation.stopped === 'too many steps' && !json)
    process.stderr.write('waybill: too many steps, stopped there\n');
  return code;
}

function malformed(
  invocation: Invocation,
  { inputs, at, problem: what }: ReadWhatIfs & { readonly type: 'malformed' },
  { end: { possible } }: Simulation,
): ExitCode {
  const facts = { error: 'malformed_events', input: inputs.length, character: at, problem: what };
  return wrongUse(invocation, mistake(inputs.length, at, what, possible), facts);
}

function mistake(input: number, at: number, what: string, possible: Possible): string {
  const may = possibleInputs(possible).join(', ') || 'nothing';
  return `event ${input + 1}, at character ${at}: ${what}; possible there: ${may}`;
}

function wrongUse(invocation: Invocation, line: string, facts: { readonly error: string }): ExitCode {
  problem(invocation, line, facts);
  return exitCodes.wrongUse;
}

function revision(value: string): number {
  const n = wholeNumber(value);
  if (n < 1) throw new InvalidArgumentError('expected 1 or more');
  return n;
}
