/**
 * The commit protocol as a model: one order, its client, an edge, two workers, a relay, a queue, a gateway with keys and
 * tombstones. A state is everything that exists; a step is one database transaction, one call, or one fault. Whoever
 * changes the protocol changes this first. Time is free: whatever lies ahead may come at any moment.
 *
 * What is left out: local effects before the capture (they are part of a transition), other orders, batches.
 */
import { clientSteps } from './client.ts';
import { faultSteps } from './faults.ts';
import { gatewaySteps } from './gateway.ts';
import type { Mistake } from './mistakes.ts';
import { outboxSteps, timeSteps } from './outbox.ts';
import { processSteps } from './processes.ts';
import type { Bounds, Protocol, Step, World } from './world.ts';

/** All steps that can be taken next. */
export function steps(world: World, bounds: Bounds, mistake: Mistake | null): Step[] {
  const protocol: Protocol = { bounds, makes: (made) => made === mistake };
  return [
    ...clientSteps(world, protocol),
    ...timeSteps(world, protocol),
    ...outboxSteps(world, protocol),
    ...world.processes.flatMap((process, i) => processSteps(world, i, process, protocol)),
    ...gatewaySteps(world, protocol),
    ...(world.faults > 0 ? faultSteps({ ...world, faults: world.faults - 1 }, protocol) : []),
  ];
}
