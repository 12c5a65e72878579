/** The process: arguments to the command line, its answer to the exit code. */
import { run } from './cli/cli.ts';

process.exitCode = await run(process.argv.slice(2));
