/** Names the deliveries of an exploration in a few words: `authorize → unknown, but it took effect`, `timer backoff`, `CANCEL`. */
import { type ActorEvent, delayOf, type Json } from '../actors/index.ts';
import type { Delivery, ExploredEdge } from './exploration.ts';

type Delivered = Pick<ExploredEdge, 'delivery' | 'event'>;

/** @returns gives different specimens of one outcome or event different labels */
export function deliveryLabels({ edges }: { readonly edges: readonly Delivered[] }): (delivered: Delivered) => string {
  const specimens = new Map<string, Map<string, ActorEvent>>();
  for (const { delivery, event } of edges) {
    // A timer is known by the state that it is for.
    if (delivery.type === 'timer') continue;
    const kind = kindOf(delivery, event);
    const alike = specimens.get(kind) ?? new Map<string, ActorEvent>();
    specimens.set(kind, alike.set(JSON.stringify(event), event));
  }
  const marks = new Map([...specimens.values()].flatMap((alike) => marksOf(alike)));
  return ({ delivery, event }) => {
    const mark = marks.get(JSON.stringify(event));
    return mark === undefined ? kindOf(delivery, event) : `${kindOf(delivery, event)} (${mark})`;
  };
}

function kindOf(delivery: Delivery, event: ActorEvent): string {
  switch (delivery.type) {
    case 'start':
      return 'start';
    case 'outcome': {
      const surprising = delivery.outcome === 'unknown' && delivery.tookEffect;
      return `${delivery.effect.invoke} → ${delivery.outcome}${surprising ? ', but it took effect' : ''}`;
    }
    case 'timer':
      return `timer ${delayOf(delivery.timer.id)}`;
    case 'event':
      return event.type;
  }
}

/** What tells specimens of one kind apart: a text that each has another one of (`code`), or else their number. */
function marksOf(alike: ReadonlyMap<string, ActorEvent>): [string, string][] {
  if (alike.size === 1) return [];
  const texts = [...alike].map(([key, event]) => ({ key, texts: textsIn(payloadOf(event)) }));
  const telling = Object.keys(texts[0]?.texts ?? {}).find(
    (name) => new Set(texts.map((specimen) => specimen.texts[name])).size === alike.size,
  );
  return texts.map(({ key, texts: own }, index) => [
    key,
    (telling === undefined ? undefined : own[telling]) ?? `#${index + 1}`,
  ]);
}

function payloadOf(event: ActorEvent): Json {
  return event['output'] ?? event;
}

function textsIn(payload: Json): Readonly<Record<string, string>> {
  if (typeof payload !== 'object' || payload === null) return {};
  return Object.fromEntries(
    Object.entries(payload).flatMap(([name, value]) =>
      typeof value === 'string' && name !== 'type' ? [[name, value]] : [],
    ),
  );
}
