/** The four-step saga as a user of the library would write it. All of its effects are local. */
import { type DoneActorEvent, fromPromise, setup } from 'xstate';
import { actorMachine } from '../../src/actors/index.ts';
import type { Order } from '../business/orders.ts';

export type Settled = { readonly type: 'done' } | { readonly type: 'refused'; readonly code: string };

function effect<Input>() {
  return fromPromise<Settled, Input>(() => Promise.reject(new Error('effects are run by the runtime')));
}

type SagaContext = { readonly order: Order };

const noOrder: Order = { orderId: '', productId: 0, quantity: 0, amountCents: 0, decline: false };

const orderOf = ({ context }: { context: SagaContext }): Order => context.order;
const moneyOf = ({ context: { order } }: { context: SagaContext }) => ({
  amountCents: order.amountCents,
  decline: order.decline,
});
const nothing = () => ({});

const saga = setup({
  types: {
    context: {} as SagaContext,
    events: {} as DoneActorEvent<Settled>,
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's input type is inferred from it
    input: {} as Order,
  },
  actors: {
    'orders.create': effect<Order>(),
    'orders.confirm': effect<Record<never, never>>(),
    'orders.cancel': effect<Record<never, never>>(),
    'stock.reserve': effect<Order>(),
    'stock.release': effect<Record<never, never>>(),
    'money.capture': effect<{ amountCents: number; decline: boolean }>(),
  },
  guards: { refused: ({ event }) => event.output.type === 'refused' },
}).createMachine({
  id: 'saga',
  version: '1',
  context: ({ input }: { input: Order | undefined }) => ({ order: input ?? noOrder }),
  initial: 'creatingOrder',
  states: {
    creatingOrder: {
      invoke: { id: 'create', src: 'orders.create', input: orderOf, onDone: 'reservingStock' },
    },
    reservingStock: {
      invoke: {
        id: 'reserve',
        src: 'stock.reserve',
        input: orderOf,
        onDone: [{ guard: 'refused', target: 'cancellingOrder' }, { target: 'capturingMoney' }],
      },
    },
    capturingMoney: {
      invoke: {
        id: 'capture',
        src: 'money.capture',
        input: moneyOf,
        onDone: [{ guard: 'refused', target: 'releasingStock' }, { target: 'confirmingOrder' }],
      },
    },
    confirmingOrder: {
      invoke: { id: 'confirm', src: 'orders.confirm', input: nothing, onDone: 'confirmed' },
    },
    confirmed: { type: 'final' },
    releasingStock: {
      invoke: { id: 'release', src: 'stock.release', input: nothing, onDone: 'cancellingOrder' },
    },
    cancellingOrder: {
      invoke: { id: 'cancel', src: 'orders.cancel', input: nothing, onDone: 'cancelled' },
    },
    cancelled: { type: 'final' },
  },
});

export const sagaMachine = actorMachine(saga, '1');
