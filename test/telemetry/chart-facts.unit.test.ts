import { expect, test } from 'vitest';
import { actorMachines } from '../../src/compose.ts';
import { chartFacts } from '../../src/telemetry/chart-facts.ts';

const facts = chartFacts(actorMachines());

test('a state has the tags of all states that it is in', () => {
  expect(facts.tagsOf('order', 'fulfilling.creatingOrder.calling')).toEqual(['accepted']);
  expect(facts.tagsOf('order', 'confirmingOrder.parked')).toEqual(['accepted', 'parked']);
  expect(facts.tagsOf('order', 'nowhere')).toEqual([]);
  expect(facts.tagsOf('nobody', 'completed')).toEqual([]);
});

test('a state is to take as long as the innermost state around it says; one that waits for a person, as long as it takes', () => {
  expect(facts.deadlineOf('order', 'fulfilling.capturingPayment.backingOff')).toEqual({
    step: 'fulfilling.capturingPayment',
    expectedMs: 2_000,
  });
  expect(facts.deadlineOf('order', 'confirmingOrder.parked')).toBeNull();
  expect(facts.deadlineOf('order', 'completed')).toBeNull();
});

test('every step of an order that calls somebody has a deadline', () => {
  const calling = actorMachines().flatMap(({ id, states }) =>
    states.filter(({ invokes }) => invokes.length > 0).map(({ path }) => [id, path] as const),
  );
  expect(calling.length).toBeGreaterThan(8);
  for (const [machine, path] of calling) expect([machine, path, facts.deadlineOf(machine, path)]).not.toContain(null);
});
