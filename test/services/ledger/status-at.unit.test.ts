import { describe, expect, test } from 'vitest';
import { actorMachine } from '../../../src/actors/index.ts';
import { orderMachine } from '../../../src/machines/index.ts';
import { statusAt } from '../../../src/services/ledger/order-events.ts';

const { config } = actorMachine(orderMachine, '1');

describe('the status of a state', () => {
  test.each([
    ['authorizing.calling', 'AWAITING_AUTHORIZATION'],
    ['fulfilling.creatingOrder.backingOff', 'AUTHORIZED'],
    ['confirmingOrder.parked', 'NEEDS_ATTENTION'],
    ['compensating.releasingStock.calling', 'COMPENSATING'],
    ['completed', 'COMPLETED'],
  ])('%s is %s', (path, status) => expect(statusAt(config, path)).toBe(status));

  test.each(['', 'nowhere', 'authorizing.elsewhere', 'states', 'authorizing.__proto__'])(
    '%j is no state: null',
    (path) => expect(statusAt(config, path)).toBeNull(),
  );
});
