/** The wire form, against what @statelyai/inspect itself makes of an actor that runs. */
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import { assign, createActor, createMachine, setup } from 'xstate';
import { expect, test } from 'vitest';
import { actorMachine, dryStart, dryStep } from '../../src/actors/index.ts';
import { actorAppeared, actorMoved, type InspectionEvent } from '../../src/inspector/inspection-events.ts';
import { orderMachine } from '../../src/machines/index.ts';
import { eventually } from '../support/wait.ts';

// Nothing here is private, so nothing may be missing; what is not JSON is written as the package writes it.
const machine = setup({
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's types are inferred from it
  types: { context: {} as { quantity: number }, input: {} as { quantity: number } },
  actions: { more: assign({ quantity: ({ context }) => context.quantity + 1 }) },
}).createMachine({
  id: 'basket',
  context: ({ input }) => ({ quantity: input?.quantity ?? 0 }),
  initial: 'open',
  states: {
    open: {
      tags: ['accepted'],
      initial: 'empty',
      states: { empty: {}, full: {} },
      on: { ADDED: { target: '.full', actions: 'more' }, PAID: 'sold' },
    },
    sold: { type: 'final' },
  },
  output: ({ context }) => ({ quantity: context.quantity }),
});
const input = { quantity: 1 };
const sent = [{ type: 'ADDED' }, { type: 'ADDED' }, { type: 'PAID' }];

test('every event is field for field what the package sends, but for instants and ids', async () => {
  const id = 'basket b-1';
  const packages: StatelyInspectionEvent[] = [];
  const { inspect } = createInspector({ send: (event) => void packages.push(event) });
  const actor = createActor(machine, { id, input, inspect });
  // It looks at the actor when the process is idle, so each event must have been seen before the next is sent.
  const seen = (count: number) => eventually(() => packages.length === count);
  await seen(1);
  const texts = [JSON.stringify(packages[0])];
  actor.start();
  await seen(3);
  for (const [n, event] of sent.entries()) {
    actor.send(event);
    await seen(5 + 2 * n);
  }
  texts.push(...packages.slice(1).map((event) => JSON.stringify(event)));
  expect(ours(id).map(anonymous)).toEqual(texts.map((text) => anonymous(JSON.parse(text))));
});

function ours(name: string): InspectionEvent[] {
  const definition = actorMachine(machine, '1');
  const [machineId = '', id = ''] = name.split(' ');
  const actor = { id, machine: machineId, definition };
  let at = dryStart(definition, id, input, 0);
  const moment = () => ({ snapshot: at.step.snapshot, tags: at.step.view.tags, atMs: 0 });
  const events = [actorAppeared(actor, moment()), ...actorMoved(actor, at.record.event, moment())];
  for (const event of sent) {
    at = dryStep(definition, at.row, { event }, 0);
    events.push(...actorMoved(actor, event, moment()));
  }
  return structuredClone(events);
}

/** Without what differs from run to run. The package sorts the definition's keys; here states keep their author's order. */
function anonymous(event: Record<string, unknown> | InspectionEvent): unknown {
  const { sessionId, rootId, createdAt, ...rest } = event;
  expect([sessionId === rootId, typeof sessionId, typeof createdAt]).toEqual([true, 'string', 'string']);
  return 'definition' in rest ? { ...rest, definition: JSON.parse(String(rest.definition)) } : rest;
}

test('the definition of an order’s actor is the whole chart, and builds the machine again', () => {
  const definition = actorMachine(orderMachine, '1');
  const snapshot = { status: 'active', value: 'authorizing', context: {} } as const;
  const event = actorAppeared({ id: 'o-1', machine: 'order', definition }, { snapshot, tags: [], atMs: 0 });
  if (event.type !== '@xstate.actor') throw new Error('no actor');
  const rebuilt = createMachine(JSON.parse(event.definition));
  const statesOf = (node: { readonly states: object }): unknown =>
    Object.entries(node.states).map(([key, inner]) => [key, statesOf(inner)]);
  expect(statesOf(rebuilt.root)).toEqual(statesOf(orderMachine.root));
  expect(JSON.parse(event.definition).context).toEqual({ type: 'context' });
});

test('an actor whose version is not here is named without a chart', () => {
  const snapshot = { status: 'active', value: 'old', context: {} } as const;
  const event = actorAppeared({ id: 'o-1', machine: 'order', definition: null }, { snapshot, tags: [], atMs: 7 });
  expect(event).toEqual({
    name: 'order o-1',
    type: '@xstate.actor',
    definition: '{"id":"order"}',
    sessionId: 'o-1',
    rootId: 'o-1',
    createdAt: '7',
    _version: '0.7.2',
    id: null,
    snapshot: { status: 'active', value: 'old', context: {}, tags: [], children: {}, historyValue: {} },
  });
});
