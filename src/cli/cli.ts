/** The command line: arguments in, one command run, its exit code out (0 done, 1 found a problem, 2 wrong use). */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError, parseRoles, readConfig, type Config } from '../config.ts';
import { DataDirInUse } from '../persistence/claim-data-dir.ts';
import { EmbeddedPostgresError } from '../persistence/embedded-postgres-error.ts';
import { MigrationError } from '../persistence/migrate.ts';
import { WrongDatabase } from '../persistence/reach.ts';
import { WrongQueue } from '../queue/reach.ts';
import { auditCommand } from './audit.ts';
import { demoCommand } from './demo.ts';
import { exitCodes, type ExitCode, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { inspectCommand } from './inspect.ts';
import { machineCommands } from './machines.ts';
import { KeptFileError } from './machines/kept-files.ts';
import { migrateCommand } from './migrate.ts';
import { orderCommands } from './orders.ts';
import { parkedCommands } from './parked.ts';
import { reconcileCommands } from './reconcile.ts';
import { retentionCommand } from './retention.ts';
import { start } from './start.ts';

/** @param argv without node and script */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const command =
    <Args extends unknown[]>(action: (invocation: Invocation, ...args: Args) => Promise<ExitCode>) =>
    async (...args: [...Args, Command]): Promise<void> => {
      const self = args.at(-1);
      const json = self instanceof Command && self.optsWithGlobals()['json'] === true;
      const config = readConfig(process.env);
      code = await action(
        { config, json, print: (line) => process.stdout.write(`${line}\n`) },
        ...(args.slice(0, -1) as Args),
      );
    };
  try {
    await program(command).parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
    const known = knownFault(error);
    if (known === null) throw error;
    process.stderr.write(`waybill: ${known.message}\n`);
    return known.code;
  }
}

/** Faults whose message is one line for people; anything else is a bug and keeps its stack. */
function knownFault(error: unknown): { readonly message: string; readonly code: ExitCode } | null {
  if (error instanceof ConfigError) return { message: error.message, code: exitCodes.wrongUse };
  if (
    error instanceof WrongDatabase ||
    error instanceof WrongQueue ||
    error instanceof DataDirInUse ||
    error instanceof MigrationError ||
    error instanceof KeptFileError ||
    error instanceof EmbeddedPostgresError
  )
    return { message: error.message, code: exitCodes.problem };
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return { message: `PORT: ${error.message}`, code: exitCodes.problem };
  return null;
}

function program(wrap: Wrap): Command {
  const waybill = new Command('waybill')
    .description('An order backend on durable state machines')
    .option('--json', 'machine-readable output')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  waybill
    .command('start')
    .description('start the roles of this process')
    .addOption(
      new Option('--role <list>', 'all, edge, orders, inventory, payments, worker, relay, console').argParser(roleList),
    )
    .addOption(new Option('--port <n>', 'port to listen on').argParser(wholeNumber))
    .action(
      wrap((invocation, options: { role?: Config['roles']; port?: number }) =>
        start({
          ...invocation,
          config: {
            ...invocation.config,
            roles: options.role ?? invocation.config.roles,
            port: options.port ?? invocation.config.port,
          },
        }),
      ),
    );
  migrateCommand(waybill, wrap);
  auditCommand(waybill, wrap);
  retentionCommand(waybill, wrap);
  machineCommands(waybill, wrap);
  orderCommands(waybill, wrap);
  parkedCommands(waybill, wrap);
  reconcileCommands(waybill, wrap);
  inspectCommand(waybill, wrap);
  demoCommand(waybill, wrap);
  for (const sub of waybill.commands) sub.exitOverride();
  return waybill;
}

function roleList(value: string): Config['roles'] {
  try {
    return parseRoles(value, '--role');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
