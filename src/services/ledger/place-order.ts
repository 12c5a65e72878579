/** Places an order: once per idempotency key, with one answer to every request that carries it. */
import { type ActorSystem, type ProcessPorts, StoreError, type VisitEnd } from '../../actors/index.ts';
import { groupedReads } from '../../persistence/grouped.ts';
import type { DatabasePool } from '../../persistence/pool.ts';
import { acceptCompanion, type AcceptPayload } from './accept.ts';
import { renderAnswer } from './answer-routes.ts';
import { fingerprintOf } from './canonical.ts';
import { type Placement, type StoredAnswer, traceIdOf } from './entry.ts';
import { type Catalog, priceOrder, type Pricing, type PricingRefusal } from './pricing.ts';
import { findAnswers, findByKeys, type KeyedEntry, storeAnswer } from './queries.ts';

export interface PlacingPorts {
  readonly pool: DatabasePool;
  readonly system: Pick<ActorSystem, 'start' | 'waitFor'>;
  readonly catalog: Catalog;
  /** Ids that grow with time (UUID v7). */
  readonly newId: () => string;
  readonly process: Pick<ProcessPorts, 'monotonicMs' | 'delay'>;
  /** How long a request waits for its answer to be decided. */
  readonly edgeBudgetMs: number;
  /** Told of each order how long it took until it was accepted, or could not be. */
  readonly onAccepted: (tookMs: number) => void;
}

type Placing = PlacingPorts & { readonly reads: PlacingReads };

/** What requests look up, sharing statements. */
export interface PlacingReads {
  readonly byKey: (idempotencyKey: string) => Promise<KeyedEntry | null>;
  readonly answer: (orderId: string) => Promise<StoredAnswer | null>;
}

export function placingReads(pool: DatabasePool): PlacingReads {
  return {
    byKey: groupedReads((keys) => findByKeys(pool, keys)),
    answer: groupedReads((orderIds) => findAnswers(pool, orderIds)),
  };
}

export interface PlacementRequest {
  readonly idempotencyKey: string;
  readonly traceparent: string;
  readonly placement: Placement;
}

export type Placed =
  /** `replayed`: this request did not place the order. */
  | { readonly type: 'answered'; readonly answer: StoredAnswer; readonly replayed: boolean }
  | { readonly type: 'idempotency_key_reused' }
  /** The answer could not even be stored: the order's commit is taking long. */
  | { readonly type: 'idempotency_in_progress' }
  | PricingRefusal;

/**
 * Starts the order's saga with its ledger entry, goes on with it until the authorization is settled, and answers what is
 * stored then; if that takes longer than the budget, the answer is `awaiting` and the saga goes on by itself.
 * A refusal by products or prices stores nothing; a repeat of an accepted key never looks at them.
 * @throws StoreError when nothing is known to be accepted, or the products cannot be asked for
 */
export async function placeOrder(ports: Placing, request: PlacementRequest): Promise<Placed> {
  const arrivedAtMs = ports.process.monotonicMs();
  const deadlineMs = arrivedAtMs + ports.edgeBudgetMs;
  const fingerprint = fingerprintOf(request.placement);
  const known = await ports.reads.byKey(request.idempotencyKey);
  if (known) return repeat(ports, known, fingerprint, deadlineMs);

  const pricing = await price(ports, request.placement);
  if (pricing.type !== 'priced') return pricing;
  const orderId = ports.newId();
  const started = await start(ports, { ...request, fingerprint, orderId, pricing }).finally(() =>
    ports.onAccepted(ports.process.monotonicMs() - arrivedAtMs),
  );
  if (started.type === 'applied') {
    await endOrTimeout(ports, started.end, deadlineMs);
    return answered(await settledAnswer(ports, orderId, deadlineMs), false);
  }
  const winner = await ports.reads.byKey(request.idempotencyKey);
  if (!winner) throw new Error('an order was not started, yet nobody else had its key');
  // Our own start, redone after the answer to its COMMIT was lost.
  if (winner.orderId === orderId) return answered(await settledAnswer(ports, orderId, deadlineMs), false);
  return repeat(ports, winner, fingerprint, deadlineMs);
}

async function repeat(ports: Placing, known: KeyedEntry, fingerprint: string, deadlineMs: number): Promise<Placed> {
  if (known.fingerprint !== fingerprint) return { type: 'idempotency_key_reused' };
  return answered(known.answer ?? (await settledAnswer(ports, known.orderId, deadlineMs)), true);
}

function answered(answer: StoredAnswer | null, replayed: boolean): Placed {
  return answer ? { type: 'answered', answer, replayed } : { type: 'idempotency_in_progress' };
}

async function price({ catalog }: PlacingPorts, { items }: Placement): Promise<Pricing> {
  try {
    return priceOrder(items, await catalog.quote(items.map(({ productId }) => productId)));
  } catch (error) {
    // Without prices nothing can be accepted, whatever the reason.
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError('unavailable', `the products cannot be asked for: ${reason}`, { cause: error });
  }
}

interface Start extends PlacementRequest {
  readonly fingerprint: string;
  readonly orderId: string;
  readonly pricing: Extract<Pricing, { type: 'priced' }>;
}

function start({ system }: PlacingPorts, { idempotencyKey, traceparent, placement, ...made }: Start) {
  const { fingerprint, orderId, pricing } = made;
  const { currency, totalCents } = pricing;
  // Spelled out, since a snapshot must not carry more: no e-mail, no token.
  const items = pricing.items.map(({ productId, quantity, unitPriceCents }) => ({
    productId,
    quantity,
    unitPriceCents,
  }));
  const payload: AcceptPayload = {
    ...placement,
    idempotencyKey,
    fingerprint,
    items,
    currency,
    totalCents,
    traceId: traceIdOf(traceparent),
  };
  return system.start({
    machine: 'order',
    id: orderId,
    input: { orderId, userId: placement.userId, currency, totalCents, items },
    companion: { name: acceptCompanion.name, payload },
    traceparent,
    until: 'accepted',
  });
}

/** Waits until this process has gone as far as it can with the order, but not longer than the budget. */
async function endOrTimeout({ process }: PlacingPorts, end: Promise<VisitEnd>, deadlineMs: number): Promise<void> {
  const ended = new AbortController();
  const leftMs = Math.max(0, deadlineMs - process.monotonicMs());
  // However it ends: what counts is the stored answer, and a worker goes on where we failed.
  await Promise.race([end.catch(() => 'failed'), process.delay(leftMs, ended.signal)]);
  ended.abort();
}

/** @returns the stored answer, which is `awaiting` at the latest when the budget is spent; null if none could be stored */
async function settledAnswer(ports: Placing, orderId: string, deadlineMs: number): Promise<StoredAnswer | null> {
  const { pool, reads, system, process } = ports;
  const timeoutMs = Math.max(0, deadlineMs - process.monotonicMs());
  const seen = await system.waitFor(orderId, () => reads.answer(orderId), { timeoutMs });
  return seen ?? storeAnswer(pool, orderId, renderAnswer({ kind: 'awaiting', orderId }));
}
