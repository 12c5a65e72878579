/**
 * Kept histories: what each released version of a machine did, so that a guard, an assign, a delay or an input that
 * changes without a new version is found.
 */
import { type ActorEvent, type ActorMachine, type Json, uncertainEvent } from '../actors/index.ts';
import type { ExploredEdge, Exploration, MachineEnvironment } from './exploration.ts';
import { differenceOf } from './kept-difference.ts';
import { eventLabel, type KeptStep, mover, type Offered } from './kept-step.ts';
import { coveringPaths, type PathStep } from './paths.ts';

/** What one version did. */
export interface KeptHistories {
  readonly machine: string;
  readonly version: string;
  readonly structureHash: string;
  readonly offered: Offered;
  /** All different steps, in the order of their first use. */
  readonly steps: readonly KeptStep[];
  readonly histories: readonly KeptHistory[];
}

export interface KeptHistory {
  readonly name: string;
  /** Places in `steps`. */
  readonly steps: readonly number[];
}

/** The first step of a history that is not what it was. */
export interface HistoryDifference {
  readonly history: string;
  /** From 1. */
  readonly step: number;
  /** The events up to it, with the states that they led to. */
  readonly path: readonly string[];
  readonly difference: string;
}

/**
 * Histories that take every delivery in every state, and with each the fields of the context set or not.
 * @throws when the exploration was cut off, since what it missed would not be watched
 */
export function keepHistories(
  machine: ActorMachine,
  environment: Pick<MachineEnvironment, 'events'>,
  exploration: Exploration,
): KeptHistories {
  if (exploration.cappedAt !== null) throw new Error(`${machine.id} was not explored to its end`);
  const offered = offeredOf(environment);
  const { paths } = coveringPaths(exploration, machine, {
    level: 'deliveries',
    alsoCover: (edge) => [contextShape(exploration, edge)],
  });
  const places = new Map<string, number>();
  const steps: KeptStep[] = [];
  const placeOf = (step: KeptStep): number => {
    const text = JSON.stringify(step);
    const place = places.get(text) ?? steps.push(step) - 1;
    places.set(text, place);
    return place;
  };
  const histories = paths.map((path): KeptHistory => {
    const { move } = mover(machine, offered);
    return { name: path.name, steps: path.steps.map((step) => placeOf(move(keptEvent(step)))) };
  });
  const { id, version, structureHash } = machine;
  return { machine: id, version, structureHash, offered, steps, histories };
}

/** The explorer's own, but for what chance draws: two values, so that a wait shows whether and how it uses them. */
function keptEvent({ delivery, event }: PathStep): ActorEvent {
  if (delivery.type !== 'outcome' || delivery.outcome === 'done' || delivery.outcome === 'refused') return event;
  const outcome = { type: delivery.outcome, code: `was_${delivery.outcome}`, message: 'kept' };
  return uncertainEvent(delivery.effect.invoke, outcome, delivery.outcome === 'failed' ? 0.25 : 0.75);
}

/** By type; a second payload of a type gets a number. Also without any payload, which a guard must see through. */
function offeredOf({ events }: Pick<MachineEnvironment, 'events'>): Offered {
  const numbered = events.map((event, index): [string, ActorEvent] => {
    const before = events.slice(0, index).filter(({ type }) => type === event.type).length;
    return [before === 0 ? event.type : `${event.type} #${before + 1}`, event];
  });
  const bare = events
    .filter((event) => Object.keys(event).length > 1)
    .map(({ type }): [string, ActorEvent] => [`${type} without payload`, { type }]);
  return Object.fromEntries([...numbered, ...bare]);
}

/** A delivery and how it is taken, with which fields of the context are set: guards and assigns mostly ask for no more. */
function contextShape({ nodes }: Exploration, { from, event, delivery, taken }: ExploredEdge): string {
  const row = nodes[from]?.row;
  const took = delivery.type === 'outcome' && delivery.tookEffect;
  return JSON.stringify([row?.path ?? null, event, took, taken, setFields(row?.snapshot.context ?? null, '')]);
}

function setFields(value: Json, path: string): readonly string[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([key, inner]) => setFields(inner, `${path}/${key}`));
  const isSet = Array.isArray(value) ? value.length > 0 : Boolean(value);
  return isSet ? [path] : [];
}

/** Replays kept histories on the machine as it is now. @returns what differs, at most one per history */
export function replayHistories(machine: ActorMachine, kept: KeptHistories): readonly HistoryDifference[] {
  return kept.histories.flatMap((history) => firstDifference(machine, kept, history) ?? []);
}

function firstDifference(machine: ActorMachine, kept: KeptHistories, history: KeptHistory): HistoryDifference | null {
  const { move } = mover(machine, kept.offered);
  const path: string[] = [];
  for (const [index, place] of history.steps.entries()) {
    const expected = kept.steps[place];
    if (!expected) throw new Error(`history ${history.name} names a step ${place} that is not kept`);
    const event = eventLabel(expected.event);
    const found = (difference: string, to: string): HistoryDifference => ({
      history: history.name,
      step: index + 1,
      path: [...path, `${event} ⇒ ${to}`],
      difference,
    });
    try {
      const got = move(expected.event);
      const difference = differenceOf(expected, got);
      if (difference !== null) return found(difference, got.to);
    } catch (error) {
      return found(`expected ${expected.to}, got: ${error instanceof Error ? error.message : String(error)}`, '✗');
    }
    path.push(`${event} ⇒ ${expected.to}`);
  }
  return null;
}
