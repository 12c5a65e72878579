/** What a person does to an actor, recorded with who and why in the commit that does it. */
import type { ActorEvent, ActorRow } from './ports.ts';
import type { ActorSystem, Applied, NotApplied } from './system.ts';

export interface Operation {
  readonly id: string;
  readonly event: ActorEvent;
  readonly by: string;
  readonly why: string;
}

/** The companion that keeps the record; the store provides it. */
export const operationCompanionName = 'actors.operation';

/** Goes on from where an actor was parked: its machine's own event, or, if the runtime parked it, un-parking. */
export const retryEvent: ActorEvent = { type: 'RETRY' };

/** Whether an operator's event is not for the machine: the runtime has parked the actor, and is to let it go on. */
export function unparks(actor: Pick<ActorRow, 'parked'> | null, event: ActorEvent): boolean {
  return actor?.parked?.by === 'runtime' && event.type === retryEvent.type;
}

/** @returns `refused` when the state does not accept the event */
export async function operate(
  system: Pick<ActorSystem, 'read' | 'send' | 'unpark'>,
  operation: Operation,
): Promise<Applied | NotApplied> {
  const companion = { name: operationCompanionName, payload: operation };
  const actor = await system.read(operation.id);
  if (unparks(actor, operation.event)) return system.unpark(operation.id, companion);
  return system.send(operation.id, operation.event, companion);
}
