/** The public history of an order whose saga was migrated: each line by the version that it was written by. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { actorMachine, type ActorMachine, type ActorView, type TransitionRecord } from '../../../src/actors/index.ts';
import { orderHistory } from '../../../src/services/ledger/order-events.ts';

/** The same state says something else in each version. */
const machine = (version: string, status: string): ActorMachine =>
  actorMachine(
    setup({}).createMachine({ id: 'order', initial: 'here', states: { here: { meta: { status } } } }),
    version,
  );
const first = machine('1', 'AUTHORIZED');
const second = machine('2', 'ORDER_CREATED');

const line = (revision: number, event: TransitionRecord['event']): TransitionRecord => ({
  actorId: 'o',
  revision,
  event,
  from: revision === 1 ? null : 'here',
  to: 'here',
  armed: [],
  settled: null,
  commitId: 'c',
  atMs: revision,
  traceparent: null,
});
const snapshot = { status: 'active', value: 'here', context: {} } as const;
const log = [
  line(1, { type: 'xstate.init' }),
  line(2, { type: 'A' }),
  line(3, { type: 'actor.migrated', from: '1', to: '2', snapshot }),
  line(4, { type: 'B' }),
];
const actor: ActorView = {
  id: 'o',
  machine: 'order',
  version: '2',
  structureHash: second.structureHash,
  revision: 4,
  path: 'here',
  snapshot,
  timers: [],
  effects: [],
  parked: null,
  traceparent: null,
  startedAtMs: 0,
  enteredAtMs: 0,
  state: null,
  accepts: [],
};

async function statuses(machines: readonly ActorMachine[], page: { afterRevision: number; limit: number }) {
  const system = {
    machines,
    read: () => Promise.resolve(actor),
    waitFor: () => Promise.resolve(null),
    history: (_id: string, { afterRevision = 0, limit = 100 } = {}) =>
      Promise.resolve(log.filter(({ revision }) => revision > afterRevision).slice(0, limit)),
  };
  const lines = await orderHistory({ system }, 'o', page);
  return lines.map(({ revision, status }) => [revision, status]);
}

const whole = { afterRevision: 0, limit: 100 };

test('lines before the migration have the status of the old version, it and later ones that of the new', async () => {
  expect(await statuses([first, second], whole)).toEqual([
    [1, 'AUTHORIZED'],
    [2, 'AUTHORIZED'],
    [3, 'ORDER_CREATED'],
    [4, 'ORDER_CREATED'],
  ]);
});

test('a page that ends before the migration is still of the old version', async () => {
  expect(await statuses([first, second], { afterRevision: 0, limit: 2 })).toEqual([
    [1, 'AUTHORIZED'],
    [2, 'AUTHORIZED'],
  ]);
});

test('lines of a version that is gone have none', async () => {
  expect(await statuses([second], { afterRevision: 1, limit: 2 })).toEqual([
    [2, null],
    [3, 'ORDER_CREATED'],
  ]);
});
