/** The verifier finds what is wrong with how a machine waits and with its chart; and the table forgets no property. */
import { describe, expect, it } from 'vitest';
import { properties } from '../../src/verifier/properties.ts';
import { expectFound } from './expect-found.ts';
import { orderSoil, themes, verdictWith } from './planted-faults.ts';
import type { Fault } from './fault.ts';

expectFound(themes.waiting);
expectFound(themes.chart);
expectFound(themes.notice);

/** No chart can break it: the runtime alone decides what is stale. Its own test is in late-deliveries.unit.test.ts. */
const unbreakable = ['stale-changes-nothing'];

const faults: readonly Fault[] = Object.values(themes).flatMap((theme) => [...theme.faults]);

describe('the planted faults', () => {
  it('break every property, each at least once as the one that names the fault best', () => {
    const named = new Set(faults.map(({ found }) => found));
    expect([...named, ...unbreakable].sort()).toEqual(properties.map(({ name }) => name).sort());
  });

  it('are all different', () => {
    expect(new Set(faults.map(({ title }) => title)).size).toBe(faults.length);
  });
});

describe('a counterexample', () => {
  /** The path of the property's first finding. */
  const pathTo = (title: string, property: string): readonly string[] | undefined => {
    const fault = faults.find((it) => it.title === title);
    return fault && verdictWith(fault.plant, orderSoil).findings.find((it) => it.property === property)?.path;
  };

  const captured = [
    'start ⇒ authorizing.calling',
    'authorize → done ⇒ fulfilling.creatingOrder.calling',
    'createOrder → done ⇒ fulfilling.reservingInventory.calling',
    'reserve → done ⇒ fulfilling.capturingPayment.calling',
    'capture → done ⇒ confirmingOrder.calling',
  ];

  it('is a shortest way, told delivery by delivery', () => {
    expect(pathTo('two undos share one parked state, and RETRY goes on with the second', 'none-forgotten')).toEqual([
      'start ⇒ authorizing.calling',
      'authorize → done ⇒ fulfilling.creatingOrder.calling',
      'createOrder → refused ⇒ compensating.undoingPayment.calling',
      'undoPayment → failed ⇒ compensating.undoingPayment.backingOff',
      'timer backoff ⇒ compensating.undoingPayment.calling',
      'undoPayment → failed ⇒ compensating.releasingStock.parked',
      'RETRY ⇒ compensating.releasingStock.calling',
      'release → done ⇒ failed',
    ]);
  });

  it('tells whether an effect without an answer took effect, where that makes the difference', () => {
    expect(pathTo('a pivot without an answer is taken for a refused one', 'pivot-is-final')).toEqual([
      ...captured,
      'confirm → failed ⇒ confirmingOrder.backingOff',
      'timer backoff ⇒ confirmingOrder.calling',
      'confirm → unknown, but it took effect ⇒ compensating.undoingPayment.calling',
    ]);
  });

  it('ends in ✗ where a delivery leads nowhere', () => {
    expect(pathTo('an assign throws', 'nothing-throws')).toEqual([...captured, 'confirm → done ⇒ ✗']);
  });
});
