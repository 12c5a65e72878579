/** The order saga: authorize, create, reserve, capture, confirm, commit; and the way back from each. */
import { assign, setup } from 'xstate';
import { authorizationExpiryMs, reservationExpiryMs } from './delays.ts';
import { effects } from './effects.ts';
import {
  isSettlement,
  known,
  newOrder,
  type OrderContext,
  type OrderEvent,
  type OrderInput,
  type OrderInvokes,
  type OrderMeta,
  type OrderTag,
  outcomeIs,
  paymentAfter,
  refusalOf,
  settlementOf,
  troubleOf,
  type Undo,
} from './order-context.ts';
import { tellEnding } from './order-ending.ts';
import { isLastAttempt, newStep, stepAfter, uncertain, waitMs } from './step.ts';
import { tell } from './tell.ts';

/**
 * One order. Its actor id is the order ledger's id.
 *
 * Every step is `calling` its effect, or `backingOff` before the next attempt, or `parked` for a person. A stop (CANCEL,
 * an expiry) is noted in `context.failure`: `backingOff` leaves at once, `calling` waits for the outcome first.
 * Whatever was armed is owed an undo; the way back pays in the order money, stock, order. `confirmingOrder` is the pivot.
 */
export const orderMachine = setup({
  types: {
    context: {} as OrderContext,
    events: {} as OrderEvent,
    input: {} as OrderInput,
    tags: {} as OrderTag,
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's meta type is inferred from it
    meta: {} as OrderMeta,
    children: {} as OrderInvokes,
  },
  actors: effects,
  guards: {
    done: ({ event }) => outcomeIs(event, 'done'),
    doneAndWanted: ({ context, event }) => outcomeIs(event, 'done') && context.failure === null,
    stopRequested: ({ context }) => context.failure !== null,
    notStopping: ({ context }) => context.failure === null,
    attemptsSpent: ({ context }) => isLastAttempt(context.step),
    owes: ({ context }, { undo }: { undo: Undo }) => context.owes[undo],
    wasCancelled: ({ context }) => context.failure?.code === 'cancelled_by_customer',
    settlementIsComplete: ({ event }) => event.type === 'RESOLVE' && isSettlement(event.settlement),
  },
  actions: {
    tell,
    beginStep: assign({ step: newStep }),
    countAttempt: assign(({ context, event }) => ({ step: stepAfter(context.step, uncertain(event)) })),
    noteRefusal: assign(({ context, event }) => ({ step: { ...context.step, trouble: troubleOf(event) } })),
    owe: assign(({ context }, { undo }: { undo: Undo }) => ({ owes: { ...context.owes, [undo]: true } })),
    settle: assign(({ context }, { undo }: { undo: Undo }) => ({ owes: { ...context.owes, [undo]: false } })),
    passPivot: assign({ owes: { money: false, stock: false, order: false } }),
    recordPayment: assign(({ context, event }) => ({ payment: paymentAfter(context.payment, event) })),
    recordRefusal: assign(({ event }) => ({ failure: refusalOf(event) })),
    recordSettlement: assign(({ context, event }) => ({
      payment: { ...context.payment, settlement: settlementOf(event) },
    })),
    // The first reason to stop stays; a refusal alone replaces it.
    requestStop: assign(({ context }, { code }: { code: string }) => ({
      failure: context.failure ?? { code, detail: null },
    })),
    giveUp: assign(({ context }, { code }: { code: string }) => ({
      failure: context.failure ?? { code, detail: context.step.trouble },
    })),
    tellEnding,
  },
  delays: {
    backoff: ({ context }) => waitMs(context.step),
    authorizationExpiry: authorizationExpiryMs,
    reservationExpiry: reservationExpiryMs,
  },
}).createMachine({
  id: 'order',
  version: '1',
  context: ({ input }) => newOrder(input),
  initial: 'authorizing',
  states: {
    authorizing: {
      entry: ['beginStep', { type: 'owe', params: { undo: 'money' } }],
      meta: { status: 'AWAITING_AUTHORIZATION', expectedMs: 2_000 },
      on: {
        CANCEL: { guard: 'notStopping', actions: { type: 'requestStop', params: { code: 'cancelled_by_customer' } } },
      },
      initial: 'calling',
      states: {
        calling: {
          meta: { effect: 'payments.authorize', timeoutMs: 5_000, undo: 'payments.undo' },
          invoke: {
            id: 'authorize',
            src: 'payments.authorize',
            input: ({ context }) => ({
              userId: context.userId,
              amountCents: context.totalCents,
              currency: context.currency,
            }),
            onDone: [
              { guard: 'doneAndWanted', target: '#order.fulfilling', actions: 'recordPayment' },
              { guard: 'done', target: '#order.compensating', actions: 'recordPayment' },
              {
                target: '#order.authorizationFailed',
                actions: ['recordPayment', 'recordRefusal', { type: 'settle', params: { undo: 'money' } }],
              },
            ],
            onError: [
              {
                guard: 'attemptsSpent',
                target: '#order.compensating',
                actions: ['countAttempt', { type: 'giveUp', params: { code: 'authorization_unknown' } }],
              },
              { target: 'backingOff', actions: 'countAttempt' },
            ],
          },
        },
        backingOff: {
          always: { guard: 'stopRequested', target: '#order.compensating' },
          after: { backoff: 'calling' },
        },
      },
    },

    fulfilling: {
      tags: ['accepted'],
      on: {
        CANCEL: { guard: 'notStopping', actions: { type: 'requestStop', params: { code: 'cancelled_by_customer' } } },
      },
      after: {
        authorizationExpiry: { actions: { type: 'requestStop', params: { code: 'authorization_expired' } } },
      },
      initial: 'creatingOrder',
      states: {
        creatingOrder: {
          entry: ['beginStep', { type: 'owe', params: { undo: 'order' } }],
          meta: { status: 'AUTHORIZED', expectedMs: 500 },
          initial: 'calling',
          states: {
            calling: {
              meta: { effect: 'orders.create', timeoutMs: 3_000, undo: 'orders.cancel' },
              invoke: {
                id: 'createOrder',
                src: 'orders.create',
                input: ({ context }) => ({
                  userId: context.userId,
                  currency: context.currency,
                  totalCents: context.totalCents,
                  items: context.items,
                }),
                onDone: [
                  { guard: 'doneAndWanted', target: '#order.fulfilling.reservingInventory' },
                  { guard: 'done', target: '#order.compensating' },
                  {
                    target: '#order.compensating',
                    actions: ['recordRefusal', { type: 'settle', params: { undo: 'order' } }],
                  },
                ],
                onError: [
                  {
                    guard: 'attemptsSpent',
                    target: '#order.compensating',
                    actions: ['countAttempt', { type: 'giveUp', params: { code: 'order_creation_unknown' } }],
                  },
                  { target: 'backingOff', actions: 'countAttempt' },
                ],
              },
            },
            backingOff: {
              always: { guard: 'stopRequested', target: '#order.compensating' },
              after: { backoff: 'calling' },
            },
          },
        },

        reservingInventory: {
          entry: ['beginStep', { type: 'owe', params: { undo: 'stock' } }],
          meta: { status: 'ORDER_CREATED', expectedMs: 500 },
          initial: 'calling',
          states: {
            calling: {
              meta: { effect: 'inventory.reserve', timeoutMs: 3_000, undo: 'inventory.release' },
              invoke: {
                id: 'reserve',
                src: 'inventory.reserve',
                input: ({ context }) => ({
                  items: context.items.map(({ productId, quantity }) => ({ productId, quantity })),
                }),
                onDone: [
                  { guard: 'doneAndWanted', target: '#order.fulfilling.capturingPayment' },
                  { guard: 'done', target: '#order.compensating' },
                  {
                    target: '#order.compensating',
                    actions: ['recordRefusal', { type: 'settle', params: { undo: 'stock' } }],
                  },
                ],
                onError: [
                  {
                    guard: 'attemptsSpent',
                    target: '#order.compensating',
                    actions: ['countAttempt', { type: 'giveUp', params: { code: 'reservation_unknown' } }],
                  },
                  { target: 'backingOff', actions: 'countAttempt' },
                ],
              },
            },
            backingOff: {
              always: { guard: 'stopRequested', target: '#order.compensating' },
              after: { backoff: 'calling' },
            },
          },
        },

        capturingPayment: {
          entry: 'beginStep',
          meta: { status: 'INVENTORY_RESERVED', expectedMs: 2_000 },
          after: {
            reservationExpiry: { actions: { type: 'requestStop', params: { code: 'reservation_expired' } } },
          },
          initial: 'calling',
          states: {
            calling: {
              meta: { effect: 'payments.capture', timeoutMs: 5_000, undo: 'payments.undo' },
              invoke: {
                id: 'capture',
                src: 'payments.capture',
                input: ({ context }) => ({
                  authorizationId: known(context.payment.authorizationId),
                  amountCents: context.totalCents,
                  currency: context.currency,
                }),
                onDone: [
                  { guard: 'doneAndWanted', target: '#order.confirmingOrder', actions: 'recordPayment' },
                  { guard: 'done', target: '#order.compensating', actions: 'recordPayment' },
                  { target: '#order.compensating', actions: ['recordPayment', 'recordRefusal'] },
                ],
                onError: [
                  {
                    guard: 'attemptsSpent',
                    target: '#order.compensating',
                    actions: ['countAttempt', { type: 'giveUp', params: { code: 'capture_unknown' } }],
                  },
                  { target: 'backingOff', actions: 'countAttempt' },
                ],
              },
            },
            backingOff: {
              always: { guard: 'stopRequested', target: '#order.compensating' },
              after: { backoff: 'calling' },
            },
          },
        },
      },
    },

    // The pivot: once the order is confirmed nothing is taken back, and until we know, nothing may be.
    confirmingOrder: {
      entry: 'beginStep',
      tags: ['accepted'],
      meta: { status: 'PAYMENT_CAPTURED', pivot: true, expectedMs: 500 },
      initial: 'calling',
      states: {
        calling: {
          meta: { effect: 'orders.confirm', timeoutMs: 3_000 },
          invoke: {
            id: 'confirm',
            src: 'orders.confirm',
            input: {},
            onDone: [
              { guard: 'done', target: '#order.committingStock', actions: 'passPivot' },
              { target: '#order.compensating', actions: 'recordRefusal' },
            ],
            onError: [
              { guard: 'attemptsSpent', target: 'parked', actions: 'countAttempt' },
              { target: 'backingOff', actions: 'countAttempt' },
            ],
          },
        },
        backingOff: { after: { backoff: 'calling' } },
        parked: {
          tags: ['parked'],
          meta: { status: 'NEEDS_ATTENTION' },
          on: { RETRY: { target: 'calling', actions: 'beginStep' } },
        },
      },
    },

    committingStock: {
      entry: 'beginStep',
      tags: ['accepted'],
      meta: { status: 'PAYMENT_CAPTURED', expectedMs: 500 },
      initial: 'calling',
      states: {
        calling: {
          meta: { effect: 'inventory.commit', timeoutMs: 3_000 },
          invoke: {
            id: 'commit',
            src: 'inventory.commit',
            input: {},
            onDone: [
              { guard: 'done', target: '#order.completed' },
              { target: 'parked', actions: 'noteRefusal' },
            ],
            onError: [
              { guard: 'attemptsSpent', target: 'parked', actions: 'countAttempt' },
              { target: 'backingOff', actions: 'countAttempt' },
            ],
          },
        },
        backingOff: { after: { backoff: 'calling' } },
        parked: {
          tags: ['parked'],
          meta: { status: 'NEEDS_ATTENTION' },
          on: { RETRY: { target: 'calling', actions: 'beginStep' } },
        },
      },
    },

    completed: {
      type: 'final',
      entry: { type: 'tellEnding', params: { outcome: 'completed' } },
      tags: ['accepted'],
      meta: { status: 'COMPLETED' },
    },

    authorizationFailed: {
      type: 'final',
      entry: { type: 'tellEnding', params: { outcome: 'authorization_failed' } },
      meta: { status: 'AUTHORIZATION_FAILED' },
    },

    compensating: {
      tags: ['accepted', 'compensating'],
      meta: { status: 'COMPENSATING' },
      initial: 'undoingPayment',
      onDone: [{ guard: 'wasCancelled', target: 'cancelled' }, { target: 'failed' }],
      states: {
        // Always owed: no way leads here before the authorization was armed.
        undoingPayment: {
          entry: 'beginStep',
          meta: { expectedMs: 2_000 },
          initial: 'calling',
          states: {
            calling: {
              meta: { effect: 'payments.undo', timeoutMs: 5_000 },
              invoke: {
                id: 'undoPayment',
                src: 'payments.undo',
                input: {},
                onDone: [
                  {
                    guard: 'done',
                    target: '#order.compensating.releasingStock',
                    actions: ['recordPayment', { type: 'settle', params: { undo: 'money' } }],
                  },
                  { target: 'parked', actions: 'noteRefusal' },
                ],
                onError: [
                  { guard: 'attemptsSpent', target: 'parked', actions: 'countAttempt' },
                  { target: 'backingOff', actions: 'countAttempt' },
                ],
              },
            },
            backingOff: { after: { backoff: 'calling' } },
            parked: {
              tags: ['parked'],
              meta: { status: 'NEEDS_ATTENTION', accepts: ['RESOLVE'] },
              on: {
                RETRY: { target: 'calling', actions: 'beginStep' },
                RESOLVE: {
                  guard: 'settlementIsComplete',
                  target: '#order.compensating.releasingStock',
                  actions: ['recordSettlement', { type: 'settle', params: { undo: 'money' } }],
                },
              },
            },
          },
        },

        releasingStock: {
          entry: 'beginStep',
          meta: { expectedMs: 500 },
          initial: 'deciding',
          states: {
            deciding: {
              always: [
                { guard: { type: 'owes', params: { undo: 'stock' } }, target: 'calling' },
                { target: '#order.compensating.cancellingOrder' },
              ],
            },
            calling: {
              meta: { effect: 'inventory.release', timeoutMs: 3_000 },
              invoke: {
                id: 'release',
                src: 'inventory.release',
                input: {},
                onDone: [
                  {
                    guard: 'done',
                    target: '#order.compensating.cancellingOrder',
                    actions: { type: 'settle', params: { undo: 'stock' } },
                  },
                  { target: 'parked', actions: 'noteRefusal' },
                ],
                onError: [
                  { guard: 'attemptsSpent', target: 'parked', actions: 'countAttempt' },
                  { target: 'backingOff', actions: 'countAttempt' },
                ],
              },
            },
            backingOff: { after: { backoff: 'calling' } },
            parked: {
              tags: ['parked'],
              meta: { status: 'NEEDS_ATTENTION' },
              on: { RETRY: { target: 'calling', actions: 'beginStep' } },
            },
          },
        },

        cancellingOrder: {
          entry: 'beginStep',
          meta: { expectedMs: 500 },
          initial: 'deciding',
          states: {
            deciding: {
              always: [
                { guard: { type: 'owes', params: { undo: 'order' } }, target: 'calling' },
                { target: '#order.compensating.undone' },
              ],
            },
            calling: {
              meta: { effect: 'orders.cancel', timeoutMs: 3_000 },
              invoke: {
                id: 'cancelOrder',
                src: 'orders.cancel',
                input: {},
                onDone: [
                  {
                    guard: 'done',
                    target: '#order.compensating.undone',
                    actions: { type: 'settle', params: { undo: 'order' } },
                  },
                  { target: 'parked', actions: 'noteRefusal' },
                ],
                onError: [
                  { guard: 'attemptsSpent', target: 'parked', actions: 'countAttempt' },
                  { target: 'backingOff', actions: 'countAttempt' },
                ],
              },
            },
            backingOff: { after: { backoff: 'calling' } },
            parked: {
              tags: ['parked'],
              meta: { status: 'NEEDS_ATTENTION' },
              on: { RETRY: { target: 'calling', actions: 'beginStep' } },
            },
          },
        },

        undone: { type: 'final' },
      },
    },

    failed: {
      type: 'final',
      entry: { type: 'tellEnding', params: { outcome: 'failed' } },
      tags: ['accepted'],
      meta: { status: 'FAILED' },
    },

    cancelled: {
      type: 'final',
      entry: { type: 'tellEnding', params: { outcome: 'cancelled' } },
      tags: ['accepted'],
      meta: { status: 'CANCELLED' },
    },
  },
});
