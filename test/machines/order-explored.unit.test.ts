/**
 * Every situation of the order saga, judged once more by what this machine alone promises: its own books (`context.owes`),
 * its tags, what it tells its notice. The verifier knows nothing of these.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { actorMachine } from '../../src/actors/index.ts';
import { orderEnvironment } from '../../src/machines/order-environment.ts';
import type { OrderContext, Undo } from '../../src/machines/order-context.ts';
import { noticeIdOf } from '../../src/machines/order-ending.ts';
import { orderMachine } from '../../src/machines/order.ts';
import { explore, type ExploredNode, type Exploration } from '../../src/verifier/index.ts';

const machine = actorMachine(orderMachine, '1');
const undoOf: Readonly<Record<Undo, string>> = {
  money: 'payments.undo',
  stock: 'inventory.release',
  order: 'orders.cancel',
};
const undos = ['money', 'stock', 'order'] as const;

let found: readonly ExploredNode[] = [];
let edges: Exploration['edges'] = [];

beforeAll(() => {
  ({ nodes: found, edges } = explore(machine, orderEnvironment));
});

// The explored contexts are what the machine wrote.
const contextOf = ({ row }: ExploredNode) => row.snapshot.context as OrderContext;
const isFinal = ({ row }: ExploredNode) => row.snapshot.status === 'done';
const isParked = ({ view }: ExploredNode) => view.tags.includes('parked');
const statusOf = ({ view }: ExploredNode) => JSON.stringify(view.meta['status']).slice(1, -1);

/** Of the three undos, those of which a participant holds something, or whose undo is owed. */
const which = (is: 'held' | 'owed', { ghost }: ExploredNode): Undo[] =>
  undos.filter((undo) => ghost.obligations[undoOf[undo]]?.[is] === true);

/** What a situation was told of when it came about, by the shortest way. */
function toldBy({ via }: ExploredNode) {
  const before = found[via?.from ?? -1]?.row.snapshot;
  const state = before ? machine.rehydrate(before).state : null;
  return via
    ? machine.trace(state, via.event).actions.flatMap((action) => (action.type === 'tell' ? [action] : []))
    : [];
}

const pathsTaking = (type: string): string[] =>
  [...new Set(edges.filter(({ event }) => event.type === type).map(({ from }) => found[from]?.row.path ?? ''))].sort();

/** All situations for which the claim does not hold. */
const exceptions = (claim: (node: ExploredNode) => boolean): object[] =>
  found.filter((node) => !claim(node)).map(({ row, ghost, via }) => ({ path: row.path, ...row.snapshot, ghost, via }));

describe('every reachable state', () => {
  it('is one of these, with this public status and these tags', () => {
    const views = found.map((node) => [node.row.path, `${statusOf(node)} ${node.view.tags.join(' ')}`.trim()]);
    expect(Object.fromEntries(views.sort(([a = ''], [b = '']) => a.localeCompare(b)))).toEqual({
      'authorizing.calling': 'AWAITING_AUTHORIZATION',
      'authorizing.backingOff': 'AWAITING_AUTHORIZATION',
      'fulfilling.creatingOrder.calling': 'AUTHORIZED accepted',
      'fulfilling.creatingOrder.backingOff': 'AUTHORIZED accepted',
      'fulfilling.reservingInventory.calling': 'ORDER_CREATED accepted',
      'fulfilling.reservingInventory.backingOff': 'ORDER_CREATED accepted',
      'fulfilling.capturingPayment.calling': 'INVENTORY_RESERVED accepted',
      'fulfilling.capturingPayment.backingOff': 'INVENTORY_RESERVED accepted',
      'confirmingOrder.calling': 'PAYMENT_CAPTURED accepted',
      'confirmingOrder.backingOff': 'PAYMENT_CAPTURED accepted',
      'confirmingOrder.parked': 'NEEDS_ATTENTION accepted parked',
      'committingStock.calling': 'PAYMENT_CAPTURED accepted',
      'committingStock.backingOff': 'PAYMENT_CAPTURED accepted',
      'committingStock.parked': 'NEEDS_ATTENTION accepted parked',
      completed: 'COMPLETED accepted',
      authorizationFailed: 'AUTHORIZATION_FAILED',
      'compensating.undoingPayment.calling': 'COMPENSATING accepted compensating',
      'compensating.undoingPayment.backingOff': 'COMPENSATING accepted compensating',
      'compensating.undoingPayment.parked': 'NEEDS_ATTENTION accepted compensating parked',
      'compensating.releasingStock.calling': 'COMPENSATING accepted compensating',
      'compensating.releasingStock.backingOff': 'COMPENSATING accepted compensating',
      'compensating.releasingStock.parked': 'NEEDS_ATTENTION accepted compensating parked',
      'compensating.cancellingOrder.calling': 'COMPENSATING accepted compensating',
      'compensating.cancellingOrder.backingOff': 'COMPENSATING accepted compensating',
      'compensating.cancellingOrder.parked': 'NEEDS_ATTENTION accepted compensating parked',
      failed: 'FAILED accepted',
      cancelled: 'CANCELLED accepted',
    });
  });

  it('takes commands only here', () => {
    expect({
      CANCEL: pathsTaking('CANCEL'),
      RETRY: pathsTaking('RETRY'),
      RESOLVE: pathsTaking('RESOLVE'),
    }).toEqual({
      CANCEL: [
        'authorizing.backingOff',
        'authorizing.calling',
        'fulfilling.capturingPayment.backingOff',
        'fulfilling.capturingPayment.calling',
        'fulfilling.creatingOrder.backingOff',
        'fulfilling.creatingOrder.calling',
        'fulfilling.reservingInventory.backingOff',
        'fulfilling.reservingInventory.calling',
      ],
      RETRY: [...new Set(found.filter(isParked).map(({ row }) => row.path))].sort(),
      RESOLVE: ['compensating.undoingPayment.parked'],
    });
  });

  it('accepts a second CANCEL nowhere', () => {
    const cancelled = edges.filter(({ event }) => event.type === 'CANCEL').flatMap(({ from }) => found[from] ?? []);
    expect(cancelled.length).toBeGreaterThan(0);
    expect(cancelled.filter((node) => contextOf(node).failure !== null)).toEqual([]);
  });

  it('goes on by itself unless it is parked or final, and then waits for nothing', () => {
    const rests = (node: ExploredNode) => isFinal(node) || isParked(node);
    const moves = ({ row }: ExploredNode) =>
      row.effects.length === 1 || row.timers.some(({ id }) => id.startsWith('xstate.after.backoff.'));
    expect(exceptions((node) => rests(node) !== moves(node))).toEqual([]);
    expect(exceptions((node) => !rests(node) || node.row.timers.length + node.row.effects.length === 0)).toEqual([]);
  });

  it('holds each timer once', () => {
    expect(exceptions(({ row }) => new Set(row.timers.map(({ id }) => id)).size === row.timers.length)).toEqual([]);
  });

  it('never waits in backingOff once a stop is known', () => {
    expect(
      exceptions(
        (node) => !/^(authorizing|fulfilling).*backingOff$/u.test(node.row.path) || contextOf(node).failure === null,
      ),
    ).toEqual([]);
  });
});

describe('what was taken is given back', () => {
  it('context.owes is exactly what was armed, not refused and not yet undone, until the pivot is passed', () => {
    const owes = (node: ExploredNode) => undos.filter((undo) => contextOf(node).owes[undo]);
    const passed = ({ row }: ExploredNode) => /^(committingStock|completed)/u.test(row.path);
    expect(exceptions((node) => owes(node).join() === (passed(node) ? '' : which('owed', node).join()))).toEqual([]);
  });

  it('nobody holds anything of a failed, cancelled or unauthorized order', () => {
    const ended = found.filter(({ row }) => /^(failed|cancelled|authorizationFailed)$/u.test(row.path));
    expect(ended.length).toBeGreaterThan(0);
    expect(ended.filter((node) => which('held', node).length > 0)).toEqual([]);
  });

  it('a completed order keeps all it took, and nothing was undone', () => {
    const completed = found.filter(({ row }) => row.path === 'completed');
    expect(completed.length).toBeGreaterThan(0);
    for (const node of completed) expect([which('held', node), node.ghost.undone]).toEqual([undos, []]);
  });

  it('each undo is done at most once, and in the order money, stock, order', () => {
    const declared = undos.map((undo) => undoOf[undo]);
    expect(
      exceptions(({ ghost }) => ghost.undone.join() === declared.filter((undo) => ghost.undone.includes(undo)).join()),
    ).toEqual([]);
  });

  it('a failed or cancelled order owes nothing, and has undone the money at least', () => {
    const ended = found.filter(({ row }) => /^(failed|cancelled)$/u.test(row.path));
    expect(ended.filter((node) => which('owed', node).length > 0 || node.ghost.undone[0] !== undoOf.money)).toEqual([]);
  });

  it('is claimed of every way to hold something on the way', () => {
    const ways = new Set(found.map((node) => which('held', node).join(' ')));
    expect([...ways].sort()).toEqual(['', 'money', 'money order', 'money stock order', 'order', 'stock order']);
    expect(found.length).toBeGreaterThan(1_000);
  });
});

describe('every end', () => {
  it('tells the notice once, with the outcome and the reason', () => {
    expect(exceptions((node) => toldBy(node).length === (isFinal(node) ? 1 : 0))).toEqual([]);
    const outcome = {
      completed: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
      authorizationFailed: 'authorization_failed',
    };
    for (const node of found.filter(isFinal)) {
      const { orderId, failure } = contextOf(node);
      expect(toldBy(node)).toEqual([
        {
          type: 'tell',
          machine: 'order-notice',
          id: noticeIdOf(orderId),
          event: {
            type: 'ORDER_ENDED',
            orderId,
            outcome: outcome[node.row.path as keyof typeof outcome],
            reason: failure?.code ?? null,
          },
        },
      ]);
    }
  });

  it('is cancelled if and only if the customer asked for it', () => {
    const ended = found.filter(({ row }) => /^(failed|cancelled)$/u.test(row.path));
    expect(ended.length).toBeGreaterThan(0);
    expect(
      ended.filter(
        (node) => (node.row.path === 'cancelled') !== (contextOf(node).failure?.code === 'cancelled_by_customer'),
      ),
    ).toEqual([]);
  });
});
