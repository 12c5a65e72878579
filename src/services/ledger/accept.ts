/** The ledger's part of accepting an order: its entry, written in the transaction that starts the order's actor. */
import { Type } from '@sinclair/typebox';
import type { Companion, CompanionAnswer } from '../../actors/index.ts';
import type { Tx } from '../../persistence/pool.ts';
import { row, sql } from '../../persistence/sql.ts';
import type { OrderStatus, Placement, PricedItem } from './entry.ts';

/** What the ledger keeps of a new order; the runtime passes it on and stores nothing of it. */
export interface AcceptPayload extends Omit<Placement, 'items'> {
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly items: readonly PricedItem[];
  readonly currency: string;
  readonly totalCents: number;
  readonly traceId: string | null;
}

/**
 * Enters new orders, one per idempotency key; who comes second with a key, even in the same batch, is told `exists` with
 * the `orderId` and `fingerprint` that stand. Waits for a concurrent entry under the same key.
 */
export const acceptCompanion: Companion<Tx, AcceptPayload> = {
  name: 'ledger.accept',
  async write(tx, entries, nowMs) {
    // In key order, or two batches with the same two keys would wait for each other.
    const inOrder = entries.toSorted((a, b) => (a.payload.idempotencyKey < b.payload.idempotencyKey ? -1 : 1));
    const written = await insertEntries(tx, inOrder, nowMs);
    await insertItems(
      tx,
      entries.filter(({ actorId }) => written.has(actorId)),
    );
    const lost = entries.filter(({ actorId }) => !written.has(actorId));
    const standing = lost.length === 0 ? new Map<string, Standing>() : await findStanding(tx, lost);
    return entries.map(({ actorId, payload }) => answerFor(written.has(actorId), standing.get(payload.idempotencyKey)));
  },
};

interface Entry {
  readonly actorId: string;
  readonly payload: AcceptPayload;
}

interface Standing {
  readonly id: string;
  readonly fingerprint: string;
}

function answerFor(written: boolean, standing: Standing | undefined): CompanionAnswer {
  if (written) return { type: 'written' };
  if (!standing) throw new Error('an idempotency key is taken by an entry that is not there');
  return { type: 'exists', detail: { orderId: standing.id, fingerprint: standing.fingerprint } };
}

const idRow = row(Type.Object({ id: Type.String() }));
const standingRow = row(Type.Object({ id: Type.String(), idempotency_key: Type.String(), fingerprint: Type.String() }));

const firstStatus: OrderStatus = 'AWAITING_AUTHORIZATION';
const firstRevision = 1;

/** Locks the new rows, and waits on those that are being inserted elsewhere. Index: entry_idempotency_key_key. */
async function insertEntries(tx: Tx, entries: readonly Entry[], nowMs: number): Promise<ReadonlySet<string>> {
  const tuples = entries.map(({ actorId, payload }) => [
    actorId,
    payload.idempotencyKey,
    payload.fingerprint,
    payload.userId,
    payload.email,
    payload.payment.method,
    payload.payment.token,
    payload.currency,
    payload.totalCents,
    payload.traceId,
  ]);
  const types = ['uuid', 'text', 'text', 'uuid', 'text', 'text', 'text', 'text', 'int4', 'text'];
  const inserted = await tx.any(sql.type(idRow)`
    insert into ledger.entry (id, idempotency_key, fingerprint, user_id, email, payment_method, payment_token, currency,
      total_cents, trace_id, status, revision, created_at, updated_at)
    select id, idempotency_key, fingerprint, user_id, email, payment_method, payment_token, currency, total_cents,
      trace_id, ${firstStatus}, ${firstRevision}, actors.from_ms(${nowMs}), actors.from_ms(${nowMs})
    from ${sql.unnest(tuples, types)} with ordinality as t (id, idempotency_key, fingerprint, user_id, email,
      payment_method, payment_token, currency, total_cents, trace_id, n)
    order by n
    on conflict (idempotency_key) do nothing
    returning id`);
  return new Set(inserted.map(({ id }) => id));
}

/** Shares a key lock on the entries, which are this transaction's own. */
async function insertItems(tx: Tx, entries: readonly Entry[]): Promise<void> {
  const tuples = entries.flatMap(({ actorId, payload }) =>
    payload.items.map((item) => [actorId, item.productId, item.quantity, item.unitPriceCents]),
  );
  if (tuples.length === 0) return;
  await tx.query(sql.typeAlias('void')`
    insert into ledger.item (order_id, product_id, quantity, unit_price_cents)
    select order_id, product_id, quantity, unit_price_cents
    from ${sql.unnest(tuples, ['uuid', 'uuid', 'int4', 'int4'])} as t (order_id, product_id, quantity, unit_price_cents)`);
}

/** A second statement: the first one's snapshot may be older than the rows it ran into. Locks nothing. */
async function findStanding(tx: Tx, lost: readonly Entry[]): Promise<ReadonlyMap<string, Standing>> {
  const keys = lost.map(({ payload }) => payload.idempotencyKey);
  // Index: entry_idempotency_key_key.
  const found = await tx.any(sql.type(standingRow)`
    select id, idempotency_key, fingerprint from ledger.entry
    where idempotency_key = any(${sql.array(keys, 'text')})`);
  return new Map(found.map(({ id, idempotency_key, fingerprint }) => [idempotency_key, { id, fingerprint }]));
}
