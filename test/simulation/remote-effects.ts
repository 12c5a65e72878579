/** The remote effects of one process: the shop's own handlers over bad lines; now and then a call ends the process. */
import type { RemoteEffect } from '../../src/actors/index.ts';
import { remoteInventory } from '../../src/effects/inventory.ts';
import { remoteOrders } from '../../src/effects/orders.ts';
import { paymentEffects } from '../../src/effects/payments.ts';
import type { TransportAnswer, TransportRequest } from '../../src/effects/transport.ts';
import type { Tables } from './memory-database.ts';
import { lineTo } from './line.ts';
import type { Surroundings } from './process.ts';
import type { Owner } from './scheduler.ts';

const pauseMs = 15_000;

export function remoteEffectsOf(owner: Owner, around: Surroundings): RemoteEffect[] {
  const { tables, gateway, services, form, outage } = around;
  const to = (service: string, handle: (request: TransportRequest) => TransportAnswer, isDown = () => false) =>
    lineTo(service, handle, linePorts(owner, around, isDown));
  const tokenOf = async (orderId: string) => tables.ledger.get(orderId)?.token ?? null;
  const effects = [
    ...paymentEffects({ transport: to('gateway', gateway.handle, outage), tokenOf }),
    ...(form === 'remote' ? remoteOrders(to('orders', services.orders, outage)) : []),
    ...(form === 'remote' ? remoteInventory(to('inventory', services.inventory, outage)) : []),
    noticeEffect(tables),
    unused,
  ];
  return effects.map((effect) => around.calls.watched(owner, dangerous(owner, around, effect)));
}

function linePorts(owner: Owner, { scheduler, faults, outside, called }: Surroundings, isDown: () => boolean) {
  return {
    next() {
      const line = faults.line();
      return isDown() ? ({ ...line, kind: 'unavailable' } as const) : line;
    },
    there: <T>(label: string, inMs: number, work: () => T) =>
      scheduler.park(
        outside,
        label,
        () => {
          called();
          return work();
        },
        inMs,
      ),
    back: <T>(label: string, inMs: number, work: () => T) => scheduler.park(owner, label, work, inMs),
  };
}

/** Some calls stop the process that makes them, for a while or for good; some do so every time. */
function dangerous(
  owner: Owner,
  { scheduler, faults, deadly, kill }: Surroundings,
  effect: RemoteEffect,
): RemoteEffect {
  return {
    ...effect,
    call(request) {
      if (faults.strikes('process paused in a call', 0.01))
        owner.pausedUntilMs = scheduler.nowMs() + 1_000 + scheduler.below(pauseMs);
      if (!faults.isHealed() && deadly(request.key)) kill(owner);
      return effect.call(request);
    },
  };
}

/** Told once per order; a repeat is the same. */
function noticeEffect(tables: Tables): RemoteEffect {
  return {
    kind: 'remote',
    effect: 'notices.send',
    async call({ input }) {
      const { orderId, outcome } = input as { orderId: string; outcome: string };
      const told = tables.notices.get(orderId);
      if (told !== undefined && told !== outcome) throw new Error(`${orderId} was told ${told}, now ${outcome}`);
      tables.notices.set(orderId, outcome);
      return { type: 'done', value: {} };
    },
  };
}

/** The toys could ask for it, and never do. */
const unused: RemoteEffect = {
  kind: 'remote',
  effect: 'bank.pay',
  call: () => Promise.reject(new Error('nobody pays here')),
};
