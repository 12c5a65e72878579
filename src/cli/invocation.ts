/** What every command gets and gives back. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Config } from '../config.ts';

export const exitCodes = { done: 0, problem: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What every command gets. */
export interface Invocation {
  readonly config: Config;
  readonly json: boolean;
  readonly print: (line: string) => void;
}

/** Turns an action into what commander calls; sees to configuration, output and exit code. */
export type Wrap = <Args extends unknown[]>(
  action: (invocation: Invocation, ...args: Args) => Promise<ExitCode>,
) => (...args: [...Args, Command]) => Promise<void>;

/** Parses an option. */
export function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number');
  return Number(value);
}
