/**
 * Where an actor's transitions stand in its trace. Span ids are derived, never drawn: any process can name a transition
 * that another one committed, and the trace can be written from the log alone (docs/adr/0012). Pure.
 */
import { createHash } from 'node:crypto';
import type { ActorRow } from './ports.ts';

/**
 * An actor that stood still for longer goes on in a trace of its own, linked to the one before: backends look for the
 * spans of one trace within hours of each other.
 */
export const maxTraceGapMs = 24 * 60 * 60_000;

/** The span id of one transition, 16 hex digits; of revision 0, that of the actor as a whole. */
export function transitionSpanId(actorId: string, revision: number): string {
  return digest(`${actorId}@${revision}`, 16);
}

/** The span id of an effect from the transition that armed it on. @param effectId `<invoke id>@<revision>` */
export function effectSpanId(actorId: string, effectId: string): string {
  return digest(`${actorId}/${effectId}`, 16);
}

/** The same trace at another span; what is no `traceparent` (W3C Trace Context, version 00) stays as it is. */
export function atSpan(traceparent: string, spanId: string): string {
  return pattern.test(traceparent) ? `${traceparent.slice(0, 36)}${spanId}${traceparent.slice(52)}` : traceparent;
}

type Standing = Pick<ActorRow, 'id' | 'revision' | 'traceparent' | 'enteredAtMs'> & { readonly parked: unknown };

/** Where a transition comes to stand: in its actor's trace, or in a new one after a person was waited for, or for days. */
export function traceAfter(before: Standing, nowMs: number): string | null {
  const { id, revision, traceparent, parked, enteredAtMs } = before;
  if (traceparent === null || revision === 0 || !pattern.test(traceparent)) return traceparent;
  if (!parked && nowMs - enteredAtMs <= maxTraceGapMs) return traceparent;
  const trace = digest(`${traceparent}/${id}@${revision}`, 32);
  return `00-${trace}-${transitionSpanId(id, 0)}${traceparent.slice(52)}`;
}

const pattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
