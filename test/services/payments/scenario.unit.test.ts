import { describe, expect, test } from 'vitest';
import { faultsOf, operations, type Scenario, scenarioOf } from '../../../src/services/payments/scenario.ts';

const success: Scenario = { declineCode: null, onCapture: 'succeed', flakyCalls: 0, voidFaults: 0, refundFaults: 0 };

describe('scenarioOf', () => {
  test.each<[string, Partial<Scenario>]>([
    ['tok_visa_success', {}],
    ['anything else', {}],
    ['tok_decline_insufficient', { declineCode: 'insufficient_funds' }],
    ['tok_decline_insufficient_funds', { declineCode: 'insufficient_funds' }],
    ['tok_decline_expired', { declineCode: 'expired_card' }],
    ['tok_decline_stolen', { declineCode: 'stolen_card' }],
    ['tok_decline_', { declineCode: 'generic_decline' }],
    ['tok_decline_fraud', { declineCode: 'generic_decline' }],
    ['tok_capture_declined', { onCapture: 'decline' }],
    ['tok_capture_declined_flaky_1', { onCapture: 'decline', flakyCalls: 1 }],
    ['tok_capture_timeout', { onCapture: 'time_out' }],
    ['tok_auth_expires', { onCapture: 'expire' }],
    ['tok_flaky_3', { flakyCalls: 3 }],
    ['tok_flaky_', {}],
    ['tok_void_fails_4', { voidFaults: 4 }],
    ['tok_refund_fails_12', { refundFaults: 12 }],
    ['tok_capture_timeout_refund_fails_2_flaky_1', { onCapture: 'time_out', refundFaults: 2, flakyCalls: 1 }],
    [`tok_flaky_${'9'.repeat(400)}`, { flakyCalls: 1_000_000 }],
  ])('%s', (token, switches) => {
    expect(scenarioOf(token)).toEqual({ ...success, ...switches });
  });
});

test('faultsOf: flaky strikes every operation, the larger switch counts', () => {
  const scenario = scenarioOf('tok_flaky_2_void_fails_1_refund_fails_5');
  expect(operations.map((operation) => [operation, faultsOf(scenario, operation)])).toEqual([
    ['authorize', 2],
    ['capture', 2],
    ['void', 2],
    ['refund', 5],
  ]);
});
