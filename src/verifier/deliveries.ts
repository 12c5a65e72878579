/** Everything that can come to an actor in one situation, by what its participants can honestly answer. Pure. */
import {
  type ActorEvent,
  type ActorRow,
  type PendingEffect,
  settledEvent,
  uncertainEvent,
  type UncertainOutcome,
} from '../actors/index.ts';
import type { Delivery, EffectAnswers, Ghost, MachineEnvironment } from './exploration.ts';

export interface Offer {
  readonly delivery: Delivery;
  readonly event: ActorEvent;
}

/** Outcomes, timers, then events from outside. An effect that the environment does not know has `failed` and `unknown` alone. */
export function offersOf(row: ActorRow, ghost: Ghost, environment: MachineEnvironment): readonly Offer[] {
  if (row.snapshot.status !== 'active') return [];
  return [
    ...row.effects.flatMap((effect) => outcomesOf(effect, ghost, environment.effects[effect.src])),
    ...row.timers.map((timer): Offer => ({ delivery: { type: 'timer', timer }, event: timer.event })),
    ...environment.events.map((event): Offer => ({ delivery: { type: 'event' }, event })),
  ];
}

/** One value for all: how long a machine waits is no part of where it can go. */
const random = 0.5;

/**
 * Who did it does not refuse it, who refused for good and remembers goes on refusing; any answer may be lost. For whom
 * the effect has taken effect before, a lost answer changes nothing more.
 */
function outcomesOf(effect: PendingEffect, ghost: Ghost, answers: EffectAnswers | undefined): Offer[] {
  const participant = ghost.participants[effect.src];
  const settled = (answers?.outcomes ?? [])
    .filter(({ type }) => (type === 'done' ? participant !== 'refused' : participant !== 'did'))
    .map((outcome) => ({
      delivery: { type: 'outcome', effect, outcome: outcome.type, tookEffect: outcome.type === 'done' } as const,
      event: settledEvent(effect.invoke, outcome),
    }));
  const uncertain = (type: UncertainOutcome['type'], tookEffect: boolean) => ({
    delivery: { type: 'outcome', effect, outcome: type, tookEffect } as const,
    event: uncertainEvent(effect.invoke, { type, code: 'no_answer', message: 'offered by the explorer' }, random),
  });
  return [
    ...settled,
    uncertain('failed', false),
    uncertain('unknown', false),
    ...(participant === 'asked' ? [uncertain('unknown', true)] : []),
  ];
}
