/**
 * Every state the order saga can reach, by breadth-first search over all outcomes, timers and commands, beside a model
 * of what the participants hold. `unknown` branches: the call took effect, or it did not.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { OrderEvent, OrderInvokes, Undo } from '../../src/machines/order-context.ts';
import { uncertain } from '../support/saga.ts';
import * as fixture from './order-fixture.ts';
import type { Order } from './order-fixture.ts';

type Invoke = keyof OrderInvokes;

/** What the participants hold, and what was asked of them. */
interface World {
  readonly held: Readonly<Record<Undo, boolean>>;
  /** Armed and not refused: each of these must be undone, once. */
  readonly owed: readonly Undo[];
  readonly undone: readonly Undo[];
}

interface Found {
  readonly order: Order;
  readonly world: World;
  /** The events that lead here, for the failure message. */
  readonly trace: readonly string[];
}

const { captured, confirmed, committed, released, orderCancelled } = fixture;
const settled: Record<Invoke, readonly OrderEvent[]> = {
  authorize: [fixture.authorized, fixture.declined],
  createOrder: [fixture.created, fixture.creationRefused],
  reserve: [fixture.reserved, fixture.outOfStock],
  capture: [captured, fixture.captureDeclined, fixture.captureExpired],
  confirm: [confirmed, fixture.confirmRefused],
  commit: [committed, fixture.commitRefused],
  undoPayment: [fixture.voided, fixture.refunded, fixture.undoRefused],
  release: [released, fixture.releaseRefused],
  cancelOrder: [orderCancelled, fixture.cancelRefused],
};
const commands = [fixture.cancel, fixture.retry, fixture.resolve];
const takes: Partial<Record<Invoke, Undo>> = { authorize: 'money', createOrder: 'order', reserve: 'stock' };
const gives: Partial<Record<Invoke, Undo>> = { undoPayment: 'money', release: 'stock', cancelOrder: 'order' };

/** Bounds the search; reached only if the machine gained a counter that grows for ever. */
const maxStates = 50_000;

const found: Found[] = [];

beforeAll(() => {
  const start = fixture.at.authorizing();
  const seen = new Set<string>();
  const queue: Found[] = [
    {
      order: start,
      world: armed(start, { held: { money: false, stock: false, order: false }, owed: [], undone: [] }),
      trace: [],
    },
  ];
  for (const next of queue) {
    const key = JSON.stringify([next.order.path, next.order.context, next.order.timers, next.world]);
    if (seen.has(key)) continue;
    seen.add(key);
    found.push(next);
    if (found.length > maxStates) throw new Error('the search does not end');
    queue.push(...successors(next));
  }
});

function successors(from: Found): Found[] {
  const { order, world, trace } = from;
  const step = (name: string, order: Order, world: World): Found => ({
    order,
    world: armed(order, world),
    trace: [...trace, name],
  });
  return [
    ...order.pending.flatMap((id) => outcomes(from, id as Invoke)),
    ...order.timers.map(({ name }) => step(name, order.whenDue(name), world)),
    ...commands
      .filter((command) => order.accepts(command))
      .map((command) =>
        step(command.type, order.when(command), command.type === 'RESOLVE' ? given(world, 'money') : world),
      ),
  ];
}

function outcomes({ order, world, trace }: Found, id: Invoke): Found[] {
  const step = (event: OrderEvent, note: string, world: World): Found => {
    const next = order.when(event);
    return { order: next, world: armed(next, world), trace: [...trace, `${id} ${note}`] };
  };
  const taken = takes[id];
  const undo = gives[id];
  const results = settled[id].flatMap((event) => {
    const refused = 'output' in event && event.output.type === 'refused';
    // A participant remembers what it did: it does not refuse what took effect before.
    if (refused && taken)
      return world.held[taken]
        ? []
        : [step(event, 'refused', { ...world, owed: world.owed.filter((it) => it !== taken) })];
    if (refused) return [step(event, 'refused', world)];
    if (undo) return [step(event, 'done', given(world, undo))];
    return [step(event, 'done', taken ? hold(world, taken, true) : world)];
  });
  results.push(step(uncertain(id, 'failed'), 'failed', world), step(uncertain(id, 'unknown'), 'unknown', world));
  if (taken) results.push(step(uncertain(id, 'unknown'), 'unknown, but took effect', hold(world, taken, true)));
  if (undo) results.push(step(uncertain(id, 'unknown'), 'unknown, but took effect', hold(world, undo, false)));
  return results;
}

function armed(order: Order, world: World): World {
  const fresh = order.armed.flatMap(({ id }) => takes[id as Invoke] ?? []).filter((it) => !world.owed.includes(it));
  return { ...world, owed: [...world.owed, ...fresh] };
}

function hold(world: World, what: Undo, held: boolean): World {
  return { ...world, held: { ...world.held, [what]: held } };
}

function given(world: World, what: Undo): World {
  return { ...hold(world, what, false), undone: [...world.undone, what] };
}

const paths = (of: (it: Order) => boolean): string[] =>
  [...new Set(found.filter(({ order }) => of(order)).map(({ order }) => order.path))].sort();

/** All states of the search for which the claim does not hold, with the way there. */
const exceptions = (claim: (it: Found) => boolean): object[] =>
  found
    .filter((it) => !claim(it))
    .map(({ order, world, trace }) => ({ path: order.path, context: order.context, world, trace }));

describe('every reachable state', () => {
  it('is one of these, with this public status and these tags', () => {
    const views = found.map(({ order }) => [
      order.path,
      `${String(order.meta['status'])} ${order.tags.join(' ')}`.trim(),
    ]);
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
      CANCEL: paths((it) => it.accepts(fixture.cancel)),
      RETRY: paths((it) => it.accepts(fixture.retry)),
      RESOLVE: paths((it) => it.accepts(fixture.resolve)),
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
      RETRY: paths((it) => it.tags.includes('parked')),
      RESOLVE: ['compensating.undoingPayment.parked'],
    });
  });

  it('accepts a second CANCEL nowhere', () => {
    expect(exceptions(({ order }) => order.context.failure === null || !order.accepts(fixture.cancel))).toEqual([]);
  });

  it('goes on by itself unless it is parked or final, and then waits for nothing', () => {
    const rests = (order: Order) => order.isFinal || order.tags.includes('parked');
    const moves = (order: Order) => order.pending.length === 1 || order.timers.some(({ name }) => name === 'backoff');
    expect(exceptions(({ order }) => rests(order) !== moves(order))).toEqual([]);
    expect(exceptions(({ order }) => !rests(order) || order.timers.length + order.pending.length === 0)).toEqual([]);
  });

  it('holds each timer once', () => {
    expect(exceptions(({ order }) => new Set(order.timers.map(({ id }) => id)).size === order.timers.length)).toEqual(
      [],
    );
  });

  it('never waits in backingOff once a stop is known', () => {
    expect(
      exceptions(
        ({ order }) => !/^(authorizing|fulfilling).*backingOff$/u.test(order.path) || order.context.failure === null,
      ),
    ).toEqual([]);
  });
});

describe('what was taken is given back', () => {
  const never = { money: false, stock: false, order: false };

  it('context.owes is exactly what was armed, not refused and not yet undone, until the pivot is passed', () => {
    const owes = ({ order }: Found) =>
      Object.entries(order.context.owes).flatMap(([undo, owed]) => (owed ? [undo] : []));
    const open = ({ world }: Found) => world.owed.filter((it) => !world.undone.includes(it));
    const passed = (order: Order) => /^(committingStock|completed)/u.test(order.path);
    expect(
      exceptions((it) => owes(it).sort().join(' ') === (passed(it.order) ? '' : open(it).sort().join(' '))),
    ).toEqual([]);
  });

  it('nobody holds anything of a failed, cancelled or unauthorized order', () => {
    const ended = found.filter(({ order }) => /^(failed|cancelled|authorizationFailed)$/u.test(order.path));
    expect(ended.length).toBeGreaterThan(0);
    expect(ended.filter(({ world }) => JSON.stringify(world.held) !== JSON.stringify(never))).toEqual([]);
  });

  it('a completed order keeps all it took, and nothing was undone', () => {
    const completed = found.filter(({ order }) => order.path === 'completed');
    expect(completed.length).toBeGreaterThan(0);
    for (const { world } of completed)
      expect([world.held, world.undone]).toEqual([{ money: true, stock: true, order: true }, []]);
  });

  it('each undo is done at most once, and in the order money, stock, order', () => {
    const order = ['money', 'stock', 'order'] as const;
    expect(
      exceptions(({ world }) => world.undone.join() === order.filter((it) => world.undone.includes(it)).join()),
    ).toEqual([]);
  });

  it('a failed or cancelled order has undone exactly what it owed', () => {
    const ended = /^(failed|cancelled)$/u;
    expect(
      exceptions(
        ({ order, world }) =>
          !ended.test(order.path) || [...world.undone].sort().join() === [...world.owed].sort().join(),
      ),
    ).toEqual([]);
  });

  it('is claimed of every way to hold something on the way', () => {
    const held = ({ world }: Found) => Object.entries(world.held).flatMap(([what, held]) => (held ? [what] : []));
    const ways = new Set(found.map((it) => held(it).join(' ')));
    expect([...ways].sort()).toEqual(['', 'money', 'money order', 'money stock order', 'order', 'stock order']);
    expect(found.length).toBeGreaterThan(1_000);
  });
});

describe('every end', () => {
  it('tells the notice once, with the outcome and the reason', () => {
    expect(exceptions(({ order }) => order.told.length === (order.isFinal ? 1 : 0))).toEqual([]);
    const outcome = {
      completed: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
      authorizationFailed: 'authorization_failed',
    };
    for (const { order } of found.filter(({ order }) => order.isFinal)) {
      expect(order.told.map(({ event }) => event)).toEqual([
        {
          type: 'ORDER_ENDED',
          orderId: order.context.orderId,
          outcome: outcome[order.path as keyof typeof outcome],
          reason: order.context.failure?.code ?? null,
        },
      ]);
    }
  });

  it('is cancelled if and only if the customer asked for it', () => {
    const ended = found.filter(({ order }) => /^(failed|cancelled)$/u.test(order.path));
    expect(
      ended.filter(
        ({ order }) => (order.path === 'cancelled') !== (order.context.failure?.code === 'cancelled_by_customer'),
      ),
    ).toEqual([]);
  });

  it('can be reached from every state', () => {
    // A parked order ends too, once a person retries and the participant answers.
    const fixed = (order: Order): Order => {
      let state = order;
      for (let i = 0; i < 12 && !state.isFinal; i += 1) {
        const [id] = state.pending;
        const yes = id === undefined ? undefined : settled[id as Invoke][0];
        if (yes) state = state.when(yes);
        else state = state.tags.includes('parked') ? state.when(fixture.retry) : state.whenDue('backoff');
      }
      return state;
    };
    expect(exceptions(({ order }) => fixed(order).isFinal)).toEqual([]);
  });
});
