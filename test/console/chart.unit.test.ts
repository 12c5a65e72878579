import { describe, expect, it } from 'vitest';
import { boxesIn, enteredLeaf, graphOf } from '../../console/src/chart/graph.ts';
import { reachableFrom } from '../../console/src/chart/reach.ts';
import { standingAfter } from '../../console/src/chart/standing.ts';
import { type Move, transitionsOf } from '../../console/src/chart/taken.ts';
import { actorMachines } from '../../src/compose.ts';
import { type Chart, chartOf } from '../../src/diagrams/chart.ts';
import { statelyConfig } from '../../src/diagrams/index.ts';

/** As the browser gets it. */
const order: Chart = chartOf(statelyConfig(actorMachines().find(({ id }) => id === 'order')?.config ?? null));

const move = (event: string, from: string | null, to: string, outcome: string | null = null): Move => ({
  event,
  outcome,
  from,
  to,
});

/** Source and targets of what was taken. */
const taken = (one: Move): string[] =>
  transitionsOf(order, one).map((index) => {
    const transition = order.transitions[index];
    return `${transition?.source} → ${transition?.targets.join()}`;
  });

describe('the graph of the order machine', () => {
  it('draws a step and its states as one box, and every arrow between boxes that exist', () => {
    const { boxes, arrows, initial, boxOf } = graphOf(order, 'steps');
    const paths = boxesIn(boxes).map(({ path }) => path);
    expect(paths).toContain('fulfilling.capturingPayment');
    expect(paths).not.toContain('fulfilling.capturingPayment.calling');
    expect(initial).toBe('authorizing');
    expect(boxOf.get('fulfilling.capturingPayment.backingOff')).toBe('fulfilling.capturingPayment');
    expect(arrows.flatMap(({ source, target }) => [source, target]).filter((end) => !paths.includes(end))).toEqual([]);
    expect(arrows.filter(({ source, target }) => source === target)).toEqual([]);
  });

  it('draws each state, where asked to, and stands for every transition that leads elsewhere', () => {
    const { boxes, arrows } = graphOf(order, 'states');
    expect(boxesIn(boxes).map(({ path }) => path)).toContain('compensating.undoingPayment.parked');
    const drawn = new Set(arrows.flatMap(({ transitions }) => transitions));
    const missing = order.transitions.filter(({ targets }, index) => targets.length > 0 && !drawn.has(index));
    expect(missing).toEqual([]);
  });

  it('an arrow to a state leads to the box that is entered with it', () => {
    expect(enteredLeaf(order, 'fulfilling')).toBe('fulfilling.creatingOrder.calling');
    expect(graphOf(order, 'steps').arrows.map(({ id }) => id)).toContain('authorizing→fulfilling.creatingOrder');
  });
});

describe('what can still happen', () => {
  it('a step that was left for the next does not come again, its way back does', () => {
    const reachable = reachableFrom(order, 'fulfilling.capturingPayment.calling');
    expect(reachable).not.toContain('fulfilling.reservingInventory');
    expect(reachable).toContain('compensating.cancellingOrder');
    expect(reachable).toContain('completed');
  });

  it('past the pivot nothing is undone; a final state leads nowhere', () => {
    expect(reachableFrom(order, 'committingStock.calling')).not.toContain('compensating');
    expect([...reachableFrom(order, 'completed')]).toEqual(['completed']);
  });

  it('what completes a state leads on from it', () => {
    const reachable = reachableFrom(order, 'compensating.cancellingOrder.calling');
    expect(reachable).toContain('cancelled');
    expect(reachable).toContain('failed');
    expect(reachable).not.toContain('completed');
  });
});

it('a state is not completed while nothing leads to its final state', () => {
  const toy = chartOf({
    id: 'toy',
    initial: 'inside',
    states: {
      inside: { initial: 'stays', onDone: 'after', states: { stays: {}, ends: { type: 'final' } } },
      after: {},
    },
  });
  expect([...reachableFrom(toy, 'inside.stays')]).toEqual(['inside', 'inside.stays']);
  expect(reachableFrom(toy, 'inside.ends')).toContain('after');
});

describe('what was taken', () => {
  it('an outcome leads through the branch that ends where the log says', () => {
    const at = 'fulfilling.capturingPayment.calling';
    expect(taken(move('xstate.done.actor.capture', at, 'confirmingOrder.calling', 'done'))).toEqual([
      `${at} → confirmingOrder`,
    ]);
    expect(taken(move('xstate.done.actor.capture', at, 'compensating.undoingPayment.calling', 'refused'))).toEqual([
      `${at} → compensating`,
    ]);
    expect(taken(move('xstate.error.actor.capture', at, 'fulfilling.capturingPayment.backingOff', 'unknown'))).toEqual([
      `${at} → fulfilling.capturingPayment.backingOff`,
    ]);
  });

  it('what follows by itself is taken too', () => {
    expect(
      taken(
        move(
          'xstate.done.actor.undoPayment',
          'compensating.undoingPayment.calling',
          'compensating.cancellingOrder.calling',
          'done',
        ),
      ),
    ).toEqual([
      'compensating.undoingPayment.calling → compensating.releasingStock',
      'compensating.releasingStock.deciding → compensating.cancellingOrder',
      'compensating.cancellingOrder.deciding → compensating.cancellingOrder.calling',
    ]);
    expect(
      taken(move('xstate.done.actor.cancelOrder', 'compensating.cancellingOrder.calling', 'failed', 'done')),
    ).toEqual(['compensating.cancellingOrder.calling → compensating.undone', 'compensating → failed']);
  });

  it('a timer, a command, the start, and what stays', () => {
    const off = 'fulfilling.capturingPayment.backingOff';
    expect(taken(move(`xstate.after.backoff.order.${off}`, off, 'fulfilling.capturingPayment.calling'))).toEqual([
      `${off} → fulfilling.capturingPayment.calling`,
    ]);
    expect(taken(move('RETRY', 'committingStock.parked', 'committingStock.calling'))).toEqual([
      'committingStock.parked → committingStock.calling',
    ]);
    expect(taken(move('xstate.init', null, 'authorizing.calling'))).toEqual([]);
    expect(taken(move('CANCEL', 'authorizing.calling', 'authorizing.calling'))).toEqual([]);
  });

  it('a state of another version is no way, and no failure', () => {
    expect(taken(move('RETRY', 'gone.elsewhere', 'committingStock.calling'))).toEqual([]);
    expect(standingAfter(order, [move('xstate.init', null, 'gone')])?.active.size).toBe(0);
  });
});

it('standing: where it is, where it was, what may come, what cannot', () => {
  const standing = standingAfter(order, [
    move('xstate.init', null, 'authorizing.calling'),
    move('xstate.done.actor.authorize', 'authorizing.calling', 'fulfilling.creatingOrder.calling', 'done'),
  ]);
  expect([...(standing?.active ?? [])]).toEqual([
    'fulfilling',
    'fulfilling.creatingOrder',
    'fulfilling.creatingOrder.calling',
  ]);
  expect(standing?.visited).toContain('authorizing.calling');
  expect(standing?.reachable).not.toContain('authorizationFailed');
  const next = [...(standing?.next ?? [])].map((index) => order.transitions[index]?.targets.join());
  expect(next).toContain('fulfilling.reservingInventory');
  expect(next).toContain('fulfilling.creatingOrder.backingOff');
});
