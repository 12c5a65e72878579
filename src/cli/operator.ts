/** What the commands that act on an actor share: who acts and why, the event, and how its refusal is told. */
import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { type ActorEvent, type ActorSystem, operate } from '../actors/index.ts';
import { type ExitCode, exitCodes, type Invocation } from './invocation.ts';

export interface Operator {
  readonly by: string;
  readonly why: string;
}

export type Operated =
  | { readonly id: string; readonly type: 'applied'; readonly revision: number }
  | { readonly id: string; readonly type: 'not_found' }
  /** `state` is where the actor stands; `accepts` what it would take there. */
  | { readonly id: string; readonly type: 'not_accepted'; readonly state: string; readonly accepts: readonly string[] };

/** Sends an operator event, recorded with who and why in the commit that applies it. */
export async function operateOn(
  system: ActorSystem,
  id: string,
  event: ActorEvent,
  { by, why }: Operator,
): Promise<Operated> {
  const answer = await operate(system, { id, event, by, why });
  if (answer.type === 'applied') return { id, type: 'applied', revision: answer.revision };
  const actor = await system.read(id);
  if (!actor) return { id, type: 'not_found' };
  return { id, type: 'not_accepted', state: actor.path, accepts: actor.accepts };
}

/** One line on what became of an operator event. */
export function tell(operated: Operated, event: string): string {
  switch (operated.type) {
    case 'applied':
      return `${operated.id}: ${event} applied, now at revision ${operated.revision}`;
    case 'not_found':
      return `${operated.id}: there is no such actor`;
    case 'not_accepted':
      return `${operated.id}: in ${operated.state} it accepts ${operated.accepts.join(', ') || 'nothing'}, not ${event}`;
    default:
      return operated satisfies never;
  }
}

/** A refusal as JSON. */
export function refusalOf({ type, ...facts }: Exclude<Operated, { type: 'applied' }>) {
  return { error: type, ...facts };
}

/** Ends a command that did not get what it was asked for: a line for people, or JSON. */
export function problem({ json, print }: Invocation, line: string, facts: { readonly error: string }): ExitCode {
  if (json) print(JSON.stringify(facts));
  else process.stderr.write(`waybill: ${line}\n`);
  return exitCodes.problem;
}

const maxTextLength = 200;

/** Parses `--by` and `--why`: they are kept for good, so they must say something. */
export function operatorText(value: string): string {
  const text = value.trim();
  if (text === '' || text.length > maxTextLength)
    throw new InvalidArgumentError(`expected 1 to ${maxTextLength} characters`);
  return text;
}

/** Who runs the command, as far as the machine knows. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user often has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
