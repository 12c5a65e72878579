/** Why actors are parked, for people. Pure. */
import type { ActorMachine } from '../actors/index.ts';
import { stepEffect } from './step-effect.ts';

export interface Cause {
  readonly machine: string;
  readonly version: string;
  readonly by: 'machine' | 'runtime';
  readonly state: string;
  readonly reason: string;
  readonly outcome: string | null;
  readonly code: string | null;
}

/** `payments.undo: unknown, connection_lost`; what the runtime parked: its reason. */
export function parkedTitle(machines: readonly ActorMachine[], cause: Cause): string {
  if (cause.by === 'runtime') return cause.reason;
  const machine = machines.find(({ id, version }) => id === cause.machine && version === cause.version);
  const what = (machine && stepEffect(machine, cause.state)) ?? cause.state;
  const why = [cause.outcome, cause.code].filter((part) => part !== null).join(', ');
  return why === '' ? what : `${what}: ${why}`;
}
