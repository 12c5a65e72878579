/** The events that the runtime gives a machine in XState's stead: its start, and the outcomes of its effects. */
import { isRecord } from '../plain-json.ts';
import type { ActorEvent, Json, Outcome, SettledOutcome, UncertainOutcome } from '../ports.ts';
import { initKey, outcomeOfKey, settledKey, uncertainKey } from './keys.ts';
import { RehydrationError } from './snapshots.ts';

export const initEvent = (input: Json): ActorEvent => ({ type: initKey, input });

/** What an actor was started with. @throws RehydrationError for any other event than the first of a log */
export function inputOf(event: ActorEvent): Json {
  if (event.type !== initKey) throw new RehydrationError(`a log starts with ${event.type}`);
  return event['input'] ?? null;
}

export const settledEvent = (invoke: string, outcome: SettledOutcome): ActorEvent => ({
  type: settledKey(invoke),
  actorId: invoke,
  output: { ...outcome.value, type: outcome.type },
});

/** `random` is drawn here once, so that a backoff computed from it replays to the same instant. */
export const uncertainEvent = (invoke: string, outcome: UncertainOutcome, random: number): ActorEvent => ({
  type: uncertainKey(invoke),
  actorId: invoke,
  error: { type: outcome.type, code: outcome.code, message: outcome.message, random },
});

/** Which effect an event settles, and how; null for any other event. */
export function outcomeOfEvent(
  event: ActorEvent,
): { readonly invoke: string; readonly outcome: Outcome['type'] } | null {
  const invoke = outcomeOfKey(event.type)?.invoke;
  if (invoke === undefined) return null;
  const answer = event['output'] ?? event['error'];
  const type = isRecord(answer) ? answer['type'] : undefined;
  return type === 'done' || type === 'refused' || type === 'failed' || type === 'unknown'
    ? { invoke, outcome: type }
    : null;
}
