/** Tells the customer how the order ended: an actor of its own, so that a mail server's bad day never holds an order up. */
import { assign, type DoneActorEvent, type ErrorActorEvent, type OutputFrom, setup } from 'xstate';
import { effects, type Uncertain } from './effects.ts';
import type { OrderEnded } from './order-ending.ts';
import { isLastAttempt, newStep, settled, type Step, stepAfter, type Trouble, uncertain, waitMs } from './step.ts';

export type OrderNoticeContext = {
  readonly id: string;
  readonly ended: Omit<OrderEnded, 'type'> | null;
  readonly step: Step;
};

export type OrderNoticeEvent =
  | OrderEnded
  | { readonly type: 'RETRY'; readonly by?: string; readonly why?: string }
  | DoneActorEvent<OutputFrom<(typeof effects)['notices.send']>, 'send'>
  | ErrorActorEvent<Uncertain, 'send'>;

/** Started by its first message; `sent` is its end. A notice that cannot be sent parks and changes nothing else. */
export const orderNoticeMachine = setup({
  types: {
    context: {} as OrderNoticeContext,
    events: {} as OrderNoticeEvent,
    input: {} as { readonly id: string },
    tags: {} as 'parked',
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's meta type is inferred from it
    meta: {} as { readonly effect?: keyof typeof effects; readonly timeoutMs?: number; readonly expectedMs?: number },
    children: {} as { send: 'notices.send' },
  },
  actors: effects,
  guards: {
    done: ({ event }) => settled(event).output.type === 'done',
    attemptsSpent: ({ context }) => isLastAttempt(context.step),
  },
  actions: {
    recordEnding: assign(({ event }) => ({ ended: endingOf(event) })),
    beginStep: assign({ step: newStep }),
    countAttempt: assign(({ context, event }) => ({ step: stepAfter(context.step, uncertain(event)) })),
    noteRefusal: assign(({ context, event }) => ({ step: { ...context.step, trouble: troubleOf(event) } })),
  },
  delays: { backoff: ({ context }) => waitMs(context.step) },
}).createMachine({
  id: 'order-notice',
  version: '1',
  // Without input for the throw-away actor that XState 5 builds behind every pure transition.
  context: ({ input }: { input: { readonly id: string } | undefined }) => ({
    id: input?.id ?? '',
    ended: null,
    step: newStep,
  }),
  initial: 'waiting',
  states: {
    waiting: {
      on: { ORDER_ENDED: { target: 'sending', actions: 'recordEnding' } },
    },
    sending: {
      entry: 'beginStep',
      meta: { expectedMs: 1_000 },
      initial: 'calling',
      states: {
        calling: {
          meta: { effect: 'notices.send', timeoutMs: 3_000 },
          invoke: {
            id: 'send',
            src: 'notices.send',
            input: ({ context }) => ended(context),
            onDone: [
              { guard: 'done', target: '#order-notice.sent' },
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
          on: { RETRY: { target: 'calling', actions: 'beginStep' } },
        },
      },
    },
    sent: { type: 'final' },
  },
});

function endingOf(event: OrderNoticeEvent): OrderNoticeContext['ended'] {
  if (event.type !== 'ORDER_ENDED') throw new Error(`${event.type} tells no ending`);
  return { orderId: event.orderId, outcome: event.outcome, reason: event.reason };
}

function troubleOf(event: OrderNoticeEvent): Trouble {
  const { output } = settled(event);
  if (output.type === 'done') throw new Error('the notice was not refused');
  return { outcome: 'refused', code: output.code };
}

function ended(context: OrderNoticeContext): Omit<OrderEnded, 'type'> {
  if (!context.ended) throw new Error('nothing to send before the order has ended');
  return context.ended;
}
