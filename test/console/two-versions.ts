/** Two versions of one machine, as the console compares them. */
import { createMachine } from 'xstate';
import { actorMachine } from '../../src/actors/index.ts';

const first = createMachine({
  id: 'parcel',
  initial: 'paying',
  states: {
    paying: { meta: { timeoutMs: 1_000 }, on: { PAID: 'shipped', WEIGH: 'weighing' } },
    weighing: { on: { DONE: 'paying' } },
    shipped: { type: 'final' },
  },
});

/** It is insured before it ships, and weighed no more. */
const second = createMachine({
  id: 'parcel',
  initial: 'paying',
  states: {
    paying: { meta: { timeoutMs: 2_000 }, on: { PAID: 'insuring' } },
    insuring: { on: { DONE: 'shipped' } },
    shipped: { type: 'final' },
  },
});

export const parcels = [actorMachine(first, '1'), actorMachine(second, '2')] as const;
