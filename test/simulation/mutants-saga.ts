/** Planted in the saga, in effects, and in participants. */
import { type Edit, edit, type Mutant } from './mutant.ts';

const order = (find: string, replace: string): Edit => edit('src/machines/order.ts', find, replace);

export const sagaMutants: readonly Mutant[] = [
  {
    fault: 'CANCEL re-arms the effect',
    edits: [
      order(
        "meta: { status: 'AWAITING_AUTHORIZATION', expectedMs: 2_000 },\n      on: {\n        CANCEL: {",
        "meta: { status: 'AWAITING_AUTHORIZATION', expectedMs: 2_000 },\n      on: {\n        CANCEL: { target: '#order.authorizing', reenter: true,",
      ),
    ],
    found: { by: 'G6', within: 50 },
  },
  {
    fault: 'FAILED while the money is owed',
    edits: [
      order(
        "actions: ['recordPayment', { type: 'settle', params: { undo: 'money' } }],\n                  },\n                  { target: 'parked', actions: 'noteRefusal' },\n                ],\n                onError: [\n                  { guard: 'attemptsSpent', target: 'parked', actions: 'countAttempt' },",
        "actions: ['recordPayment', { type: 'settle', params: { undo: 'money' } }],\n                  },\n                  { target: 'parked', actions: 'noteRefusal' },\n                ],\n                onError: [\n                  { guard: 'attemptsSpent', target: '#order.compensating.releasingStock', actions: 'countAttempt' },",
      ),
    ],
    found: { by: 'M2', within: 50 },
  },
  {
    fault: 'no undo after an unknown outcome',
    edits: [
      order(
        "target: '#order.compensating',\n                actions: ['countAttempt', { type: 'giveUp', params: { code: 'authorization_unknown' } }],",
        "target: '#order.failed',\n                actions: ['countAttempt', { type: 'giveUp', params: { code: 'authorization_unknown' } }],",
      ),
    ],
    found: { by: 'G5', within: 50 },
  },
  {
    fault: 'a refused capture is undone by nobody',
    edits: [
      order(
        "{ target: '#order.compensating', actions: ['recordPayment', 'recordRefusal'] },",
        "{ target: '#order.failed', actions: ['recordPayment', 'recordRefusal'] },",
      ),
    ],
    found: { by: 'G5', within: 10 },
  },
  {
    fault: 'the stock is not owed',
    edits: [order("entry: ['beginStep', { type: 'owe', params: { undo: 'stock' } }],", "entry: 'beginStep',")],
    found: { by: 'G5', within: 10 },
  },
  {
    fault: 'undone in another order: the order before its stock',
    edits: [
      order(
        "target: '#order.compensating.releasingStock',\n                    actions: ['recordPayment',",
        "target: '#order.compensating.cancellingOrder',\n                    actions: ['recordPayment',",
      ),
      order(
        "target: '#order.compensating.cancellingOrder',\n                    actions: { type: 'settle', params: { undo: 'stock' } },",
        "target: '#order.compensating.undone',\n                    actions: { type: 'settle', params: { undo: 'stock' } },",
      ),
      order("{ target: '#order.compensating.cancellingOrder' },", "{ target: '#order.compensating.undone' },"),
      order(
        "target: '#order.compensating.undone',\n                    actions: { type: 'settle', params: { undo: 'order' } },",
        "target: '#order.compensating.releasingStock',\n                    actions: { type: 'settle', params: { undo: 'order' } },",
      ),
    ],
    found: { by: 'G5', within: 10 },
  },
];

export const participantMutants: readonly Mutant[] = [
  {
    fault: 'captured money is voided, and never refunded',
    edits: [
      edit(
        'src/effects/payments.ts',
        '  const path = `/payments/refund/${encodeURIComponent(voiding.value.authorizationId)}`;',
        "  if (voiding) return done({ settlement: 'voided', voidedCents: 0, refundedCents: 0, expiredCents: 0 });\n  const path = `/payments/refund/${encodeURIComponent(voiding.value.authorizationId)}`;",
      ),
    ],
    found: { by: 'M2', within: 50 },
  },
  {
    fault: 'a lost answer is taken for done',
    edits: [
      edit(
        'src/effects/payments.ts',
        '  return ask(transport, post(request, path, body), captureOutcome);',
        "  const outcome = await ask(transport, post(request, path, body), captureOutcome);\n  return outcome.type === 'failed' ? done({ capturedCents: amountCents }) : outcome;",
      ),
    ],
    found: { by: 'M1', within: 10 },
  },
  {
    fault: 'a release of nothing leaves no tombstone',
    edits: [edit('src/services/inventory/decide.ts', 'books.reservations.set(orderId, tombstone);', '')],
    found: { by: 'S5', within: 200 },
  },
  {
    fault: 'a cancellation of nothing leaves no tombstone',
    edits: [
      edit(
        'src/services/orders/decide.ts',
        "if (outcome.type === 'done') orders.set(",
        "if (outcome.type === 'done' && outcome.order.content !== null) orders.set(",
      ),
    ],
    found: { by: 'S5', within: 200 },
  },
  {
    fault: 'a repeated reserve reserves again',
    edits: [
      edit(
        'src/services/inventory/decide.ts',
        'return current ? reserveAgain(books, current, request) : reserve(books, request);',
        "return current && current.status !== 'held' ? reserveAgain(books, current, request) : reserve(books, request);",
      ),
    ],
    found: { by: 'S3', within: 50 },
  },
];
