/** What a payment token makes the gateway do. Tokens choose scenarios by what they contain; any other one succeeds. */

export const operations = ['authorize', 'capture', 'void', 'refund'] as const;
export type Operation = (typeof operations)[number];

export interface Scenario {
  /** Why authorize is declined; `null`: it is not. */
  readonly declineCode: string | null;
  /** `decline`: refused for good; `expire`: the authorization is gone; `time_out`: it happens, its answer never comes. */
  readonly onCapture: 'succeed' | 'time_out' | 'decline' | 'expire';
  /** The first calls of each operation that answer 503. */
  readonly flakyCalls: number;
  readonly voidFaults: number;
  readonly refundFaults: number;
}

// The first that fits wins, so the generic one comes last.
const declineCodes: readonly (readonly [part: string, declineCode: string])[] = [
  ['decline_insufficient', 'insufficient_funds'],
  ['decline_expired', 'expired_card'],
  ['decline_stolen', 'stolen_card'],
  ['decline_', 'generic_decline'],
];

// The counter is an int4; nobody waits for a millionth retry.
const maxFaults = 1_000_000;

/** Derives the scenario's switches, which are all that is kept of a token. */
export function scenarioOf(token: string): Scenario {
  return {
    declineCode: declineCodes.find(([part]) => token.includes(part))?.[1] ?? null,
    onCapture: onCaptureOf(token),
    flakyCalls: numberAfter(token, /flaky_(\d+)/),
    voidFaults: numberAfter(token, /void_fails_(\d+)/),
    refundFaults: numberAfter(token, /refund_fails_(\d+)/),
  };
}

/** How many of the first calls of an operation answer 503; of two switches for one operation the larger counts. */
export function faultsOf(scenario: Scenario, operation: Operation): number {
  switch (operation) {
    case 'authorize':
    case 'capture':
      return scenario.flakyCalls;
    case 'void':
      return Math.max(scenario.flakyCalls, scenario.voidFaults);
    case 'refund':
      return Math.max(scenario.flakyCalls, scenario.refundFaults);
    default:
      return operation satisfies never;
  }
}

function onCaptureOf(token: string): Scenario['onCapture'] {
  if (token.includes('capture_declined')) return 'decline';
  if (token.includes('auth_expires')) return 'expire';
  if (token.includes('capture_timeout')) return 'time_out';
  return 'succeed';
}

function numberAfter(token: string, pattern: RegExp): number {
  return Math.min(Number(pattern.exec(token)?.[1] ?? 0), maxFaults);
}
