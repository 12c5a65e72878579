/** All planted faults, and the copies that they are planted in. */
import { type AnyStateMachine, assign } from 'xstate';
import { actorMachine } from '../../src/actors/index.ts';
import type { Failure } from '../../src/machines/order-context.ts';
import { orderEnvironment } from '../../src/machines/order-environment.ts';
import { orderNoticeEnvironment } from '../../src/machines/order-notice-environment.ts';
import { orderMachine, orderNoticeMachine } from '../../src/machines/index.ts';
import type { MachineEnvironment } from '../../src/verifier/exploration.ts';
import { type Verdict, verify } from '../../src/verifier/index.ts';
import type { Fault } from './fault.ts';
import { type Plant, plant } from './plant.ts';
import { chartFaults } from './planted-faults-chart.ts';
import { noticeFaults } from './planted-faults-notice.ts';
import { stopFaults } from './planted-faults-stop.ts';
import { undoFaults } from './planted-faults-undo.ts';
import { waitingFaults } from './planted-faults-waiting.ts';

/** A machine to plant in, with what it can meet. */
export interface Soil {
  readonly machine: AnyStateMachine;
  readonly environment: MachineEnvironment;
}

/**
 * The order machine, remembering less: two attempts instead of five, no last trouble, and of a stop only whether the
 * customer wished it. The same chart with an eighth of the situations, so that it can be explored once per fault.
 */
export const orderSoil: Soil = {
  machine: orderMachine.provide({
    guards: { attemptsSpent: ({ context }) => context.step.attempts + 1 >= 2 },
    actions: {
      countAttempt: assign(({ context }) => ({ step: { ...context.step, attempts: context.step.attempts + 1 } })),
      noteRefusal: assign({}),
      requestStop: assign(({ context }, { code }) => ({ failure: context.failure ?? stopFor(code) })),
      giveUp: assign(({ context }, { code }) => ({ failure: context.failure ?? stopFor(code) })),
      recordRefusal: assign({ failure: stopFor('refused') }),
    },
  }),
  environment: { ...orderEnvironment, maxAttempts: 2 },
};

function stopFor(code: string): Failure {
  return { code: code === 'cancelled_by_customer' ? code : 'stopped', detail: null };
}

export const noticeSoil: Soil = { machine: orderNoticeMachine, environment: orderNoticeEnvironment };

export interface Theme {
  readonly name: string;
  readonly soil: Soil;
  readonly faults: readonly Fault[];
}

export const themes = {
  undo: { name: 'What is owed is undone', soil: orderSoil, faults: undoFaults },
  stop: { name: 'Turning back, and the pivot', soil: orderSoil, faults: stopFaults },
  waiting: { name: 'Waiting, retrying, parking', soil: orderSoil, faults: waitingFaults },
  chart: { name: 'The chart itself', soil: orderSoil, faults: chartFaults },
  notice: { name: 'The notice machine', soil: noticeSoil, faults: noticeFaults },
} as const satisfies Record<string, Theme>;

/** More than any of them has that does not grow for ever. */
const maxNodes = 4_000;

export function verdictWith(fault: Plant, { machine, environment }: Soil): Verdict {
  return verify(actorMachine(plant(machine, fault), '1-planted'), environment, { maxNodes });
}

export function verdictOnCopy(copy: AnyStateMachine, { environment }: Soil): Verdict {
  return verify(actorMachine(copy, '1-planted'), environment, { maxNodes });
}
