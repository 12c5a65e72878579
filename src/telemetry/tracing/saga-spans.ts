/**
 * The part of an order's trace that its log tells: one span per state it was in, one per effect. Derived ids make it the
 * same whoever writes it, and what a killed process never sent is in it all the same (docs/adr/0012). Pure.
 */
import { type Attributes } from '@opentelemetry/api';
import {
  atSpan,
  delayOf,
  effectSpanId,
  outcomeOfEvent,
  type TransitionRecord,
  transitionSpanId,
} from '../../actors/index.ts';
import { attribute } from './attributes.ts';

/** A finished span before it is anybody's. Instants are epoch milliseconds of the store's clock. */
export interface SagaSpan {
  readonly name: string;
  /** Its own place in its trace. */
  readonly traceparent: string;
  readonly parentSpanId: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** What went wrong, in one word; null: nothing. */
  readonly error: string | null;
  /** Other traces that it belongs to. */
  readonly links: readonly string[];
}

export interface SagaLog {
  readonly machine: string;
  /** From revision 1 on, without gaps. */
  readonly records: readonly TransitionRecord[];
  /** Which of the actor's traces: almost always its only one. */
  readonly traceparent: string;
  readonly tagsOf: (path: string) => readonly string[];
  /** Whether the path is the one that all is well at. */
  readonly isGoodEnd: (path: string) => boolean;
}

export function sagaSpans(log: SagaLog): SagaSpan[] {
  const own = log.records.filter(({ traceparent }) => traceparent === log.traceparent);
  const [first] = own;
  const last = own.at(-1);
  if (!first || !last) return [];
  return [
    rootSpan(log, first, last),
    ...own.flatMap((record) => [stateSpan(log, record), ...effectSpans(log, record)]),
  ];
}

function rootSpan(log: SagaLog, first: TransitionRecord, last: TransitionRecord): SagaSpan {
  const { machine, traceparent } = log;
  const { actorId } = first;
  const own = transitionSpanId(actorId, 0);
  const parent = traceparent.slice(36, 52);
  // It goes on from another trace: nobody is above it there, but the one before is linked.
  const before = log.records.find(({ revision }) => revision === first.revision - 1)?.traceparent;
  return {
    name: machine,
    traceparent: atSpan(traceparent, own),
    parentSpanId: parent === own ? null : parent,
    startMs: first.atMs,
    endMs: last.atMs,
    attributes: {
      [attribute.actor]: actorId,
      [attribute.machine]: machine,
      [attribute.state]: last.to,
      [attribute.revision]: last.revision,
    },
    error: log.isGoodEnd(last.to) ? null : last.to,
    links: before ? [atSpan(before, own)] : [],
  };
}

/** From the transition that came there to the next one. */
function stateSpan(log: SagaLog, record: TransitionRecord): SagaSpan {
  const { actorId, revision, to, from, atMs } = record;
  const tags = log.tagsOf(to);
  return {
    name: `${log.machine} ${to}`,
    traceparent: atSpan(log.traceparent, transitionSpanId(actorId, revision)),
    parentSpanId: transitionSpanId(actorId, 0),
    startMs: atMs,
    endMs: nextOf(log, record)?.atMs ?? atMs,
    attributes: {
      [attribute.actor]: actorId,
      [attribute.state]: to,
      [attribute.revision]: revision,
      [attribute.event]: eventName(record),
      [attribute.commit]: record.commitId,
      ...(from === null ? {} : { [attribute.from]: from }),
      ...(tags.length === 0 ? {} : { [attribute.tags]: [...tags] }),
    },
    error: tags.includes('parked') ? 'parked' : null,
    links: [],
  };
}

/** From the transition that armed it to the one that its outcome made, or that left its state. */
function effectSpans(log: SagaLog, record: TransitionRecord): SagaSpan[] {
  const { actorId, revision } = record;
  return record.armed.map(({ id, src }) => {
    const invoke = id.split('@', 1)[0];
    const settling = log.records.find(
      (later) =>
        later.revision > revision &&
        outcomeOfEvent(later.event)?.invoke === invoke &&
        (later.settled === null || later.settled.effectId === id),
    );
    const outcome = (settling && outcomeOfEvent(settling.event)?.outcome) ?? 'left';
    return {
      name: src,
      traceparent: atSpan(log.traceparent, effectSpanId(actorId, id)),
      parentSpanId: transitionSpanId(actorId, revision),
      startMs: record.atMs,
      endMs: (settling ?? nextOf(log, record))?.atMs ?? record.atMs,
      attributes: { [attribute.actor]: actorId, [attribute.effect]: id, [attribute.outcome]: outcome },
      error: outcome === 'done' || outcome === 'left' ? null : (codeOf(settling) ?? outcome),
      links: [],
    };
  });
}

/** Only within the trace: a state that lasted for days has no end in it. */
function nextOf({ records, traceparent }: SagaLog, { revision }: TransitionRecord): TransitionRecord | undefined {
  return records.find((other) => other.revision === revision + 1 && other.traceparent === traceparent);
}

/** `start`, `capture → failed`, `timer backoff`, or the event's own name. */
export function eventName({ from, event }: Pick<TransitionRecord, 'from' | 'event'>): string {
  if (from === null) return 'start';
  const outcome = outcomeOfEvent(event);
  if (outcome) return `${outcome.invoke} → ${outcome.outcome}`;
  const delay = delayOf(event.type);
  return delay === event.type ? event.type : `timer ${delay}`;
}

/** The stable code that an outcome came with: never its message, which may hold anything. */
function codeOf(record: TransitionRecord | undefined): string | null {
  const answer = record?.event['output'] ?? record?.event['error'];
  if (typeof answer !== 'object' || answer === null || !('code' in answer)) return null;
  return typeof answer.code === 'string' ? answer.code : null;
}
