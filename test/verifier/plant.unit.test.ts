/** The helper that plants faults must itself not lie. */
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { orderMachine, orderNoticeMachine } from '../../src/machines/index.ts';
import { at, branch, branchesOf, copyOf, effectAt, type Plant, plant, remove, without } from './plant.ts';

const definitionOf = ({ definition }: AnyStateMachine): unknown => JSON.parse(JSON.stringify(definition));

describe('a copy', () => {
  it.each([orderMachine, orderNoticeMachine])('of $id is the same machine', (machine) => {
    const copy = copyOf(machine);
    expect(definitionOf(copy)).toEqual(definitionOf(machine));
    const { guards, actions, delays } = copy.implementations;
    expect({ guards, actions, delays }).toEqual({
      guards: machine.implementations.guards,
      actions: machine.implementations.actions,
      delays: machine.implementations.delays,
    });
  });

  it('is all that a fault touches', () => {
    const before = definitionOf(orderMachine);
    plant(orderMachine, (chart) => {
      at(chart, 'compensating.releasingStock.parked').tags.push('broken');
      effectAt(chart, 'authorizing.calling').onError.reverse();
      chart.guards['done'] = () => false;
    });
    expect(definitionOf(orderMachine)).toEqual(before);
    expect(Object.keys(orderMachine.implementations.guards)).toContain('done');
  });
});

describe('a fault', () => {
  it('is in the machine that comes out', () => {
    const planted = plant(orderMachine, (chart) => {
      at(chart, 'confirmingOrder').entry = ['recordPayment'];
    });
    expect(planted.config.states?.['confirmingOrder']?.entry).toEqual(['recordPayment']);
  });

  it.each<[title: string, fault: Plant, message: string]>([
    ['changes nothing', () => {}, 'the fault changes nothing'],
    [
      'puts the same guard where it was',
      ({ guards }) => void (guards['done'] = orderMachine.implementations.guards.done),
      'the fault changes nothing',
    ],
    ['names no state', (chart) => void at(chart, 'fulfilling.paying'), 'there is not: the state fulfilling.paying'],
    ['names no effect', (chart) => void effectAt(chart, 'completed'), 'there is not: an effect in completed'],
    [
      'names no event',
      (chart) => void branchesOf(at(chart, 'fulfilling').on, 'RETRY'),
      'there is not: branches of RETRY',
    ],
    [
      'names no guard',
      (chart) => void branch(branchesOf(at(chart, 'fulfilling').on, 'CANCEL'), 'done'),
      'there is not: a branch with guard done',
    ],
    ['names no action', (chart) => void without(at(chart, 'fulfilling').entry, 'owe'), 'there is not: the action owe'],
    ['removes nothing', (chart) => remove(at(chart, 'fulfilling').meta, 'status'), 'there is not: status'],
  ])('throws if it %s', (_title, fault, message) => {
    expect(() => plant(orderMachine, fault)).toThrow(new Error(message));
  });

  it('is noticed when only an implementation changes', () => {
    expect(() =>
      plant(orderMachine, ({ guards }) => {
        guards['done'] = () => true;
      }),
    ).not.toThrow();
  });
});
