/**
 * What of an actor's events and context may leave for an inspector, which may be a page of somebody else's: an
 * allow-list of fields. What is not on it is left out, so a field that a machine gets tomorrow stays here until somebody
 * has put it on the list.
 */
import type { ActorEvent, Json } from '../actors/index.ts';

/** Kept: what explains why a machine went where it went, and names nobody. */
const disclosedFields: ReadonlySet<string> = new Set(
  [
    // Which actor, effect and participant's record: random ids, or names from the chart.
    ['id', 'orderId', 'productId', 'actorId', 'type'],
    // What was asked for and what it costs.
    ['items', 'quantity', 'unitPriceCents', 'currency', 'totalCents'],
    // Where the money is, in sums.
    ['payment', 'authorizedCents', 'capturedCents', 'voidedCents', 'refundedCents', 'expiredCents', 'settlement'],
    // How a step went: codes that guards decide by, never the sentences beside them.
    ['input', 'output', 'error', 'outcome', 'code', 'declineCode', 'reason', 'failure', 'detail', 'trouble'],
    ['short', 'requested', 'available', 'step', 'attempts', 'random', 'ended'],
    // What is still to be undone.
    ['owes', 'money', 'stock', 'order'],
    // Between which versions a migration took the actor.
    ['from', 'to'],
  ].flat(),
);

/** Codes, ids and state names. A sentence, an address or a name with a space is none, whatever field it stands in. */
const plainCode = /^[\w.:#-]{1,200}$/;

const withheld = '[withheld]';

/** An event with its type and the fields that may leave. */
export function redactEvent(event: ActorEvent): ActorEvent {
  const { type, ...fields } = event;
  return { ...redactRecord(fields), type: plainCode.test(type) ? type : withheld };
}

/** A context or an output, with the fields that may leave. */
export function redactFields(value: Json): Json {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return plainCode.test(value) ? value : withheld;
  if (isList(value)) return value.map(redactFields);
  return redactRecord(value);
}

function redactRecord(record: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (disclosedFields.has(key) ? [[key, redactFields(value)]] : [])),
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
