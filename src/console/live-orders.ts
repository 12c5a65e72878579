/** Orders as they move: one look at the database for all who watch, at most twice a second. */
import { type Static, Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';
import { type OrderStatus, orderStatuses } from '../services/ledger/entry.ts';
import type { LiveOrders } from './schemas.ts';

export interface LivePorts {
  readonly pool: Pick<CommonQueryMethods, 'any'>;
  /** Tells which actors moved; `*` when there were too many to name. May lose notices. */
  readonly feed: { onAny(listener: (actorIds: readonly string[]) => void): () => void };
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly onError: (error: Error) => void;
}

export interface LiveOrdersSource {
  /** What moves from now on, until `signal` aborts. Who reads slowly is told that there was more, not what. */
  watch(signal: AbortSignal): AsyncIterable<LiveOrdersBody>;
}

export type LiveOrdersBody = Static<typeof LiveOrders>;

const lookEveryMs = 500;
/** Named in one event; a page shows no more anyway. */
const maxNamed = 100;

export function liveOrders({ pool, feed, delay, onError }: LivePorts): LiveOrdersSource {
  const watchers = new Set<Watcher>();
  let moved = new Set<string>();
  let more = false;
  let stopListening: (() => void) | null = null;
  let looking = false;

  const hear = (ids: readonly string[]): void => {
    for (const id of ids) {
      if (id === '*' || moved.size >= maxNamed) more = true;
      else moved.add(id);
    }
    if (!looking) void look();
  };

  const look = async (): Promise<void> => {
    looking = true;
    try {
      while (watchers.size > 0 && (moved.size > 0 || more)) {
        const [ids, hasMore] = [[...moved], more];
        moved = new Set();
        more = false;
        const orders = await readOrders(pool, ids);
        const body = { at: new Date().toISOString(), has_more: hasMore, orders };
        // Actors that are no orders move too; nobody need hear of those.
        if (orders.length > 0 || hasMore) for (const watcher of watchers) watcher.tell(body);
        await delay(lookEveryMs);
      }
    } catch (error) {
      // The database is away: those who watch look again when it is back.
      more = true;
      onError(error instanceof Error ? error : new Error(String(error)));
      await delay(lookEveryMs);
    } finally {
      looking = false;
    }
  };

  return {
    async *watch(signal) {
      const watcher = new Watcher();
      watchers.add(watcher);
      stopListening ??= feed.onAny(hear);
      try {
        while (!signal.aborted) {
          const body = await watcher.next(signal);
          if (body) yield body;
        }
      } finally {
        watchers.delete(watcher);
        if (watchers.size === 0) {
          stopListening?.();
          stopListening = null;
          moved = new Set();
          more = false;
        }
      }
    },
  };
}

/** What one watcher has not taken yet: the newest event alone, and whether others came before it. */
class Watcher {
  #waiting: LiveOrdersBody | null = null;
  #news = Promise.withResolvers<void>();

  tell(body: LiveOrdersBody): void {
    this.#waiting = this.#waiting ? { ...body, has_more: true } : body;
    this.#news.resolve();
  }

  /** @returns null once `signal` is aborted */
  async next(signal: AbortSignal): Promise<LiveOrdersBody | null> {
    const news = this.#news;
    const leave = (): void => news.resolve();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    await news.promise;
    signal.removeEventListener('abort', leave);
    this.#news = Promise.withResolvers();
    const body = this.#waiting;
    this.#waiting = null;
    return signal.aborted ? null : body;
  }
}

const orderRow = row(
  Type.Object({
    id: Type.String(),
    status: Type.Unsafe<OrderStatus>(Type.Union(orderStatuses.map((status) => Type.Literal(status)))),
    state: Type.Union([Type.String(), Type.Null()]),
    revision: Type.Integer(),
    total_cents: Type.Integer(),
    currency: Type.String(),
    created_at: Type.Number(),
    updated_at: Type.Number(),
  }),
);

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Without what tells of a person. Locks nothing. Indexes: entry_pkey, actor_pkey. */
async function readOrders(db: LivePorts['pool'], actorIds: readonly string[]): Promise<LiveOrdersBody['orders']> {
  const ids = actorIds.filter((id) => uuid.test(id));
  if (ids.length === 0) return [];
  const found = await db.any(sql.type(orderRow)`
    select e.id, case when e.park_reason is null then e.status else 'NEEDS_ATTENTION' end as status, a.state, e.revision,
      e.total_cents, e.currency, e.created_at, e.updated_at
    from ledger.entry e left join actors.actor a on a.id = e.id::text
    where e.id = any(${sql.array(ids, 'uuid')}) order by e.updated_at, e.id`);
  return found.map(({ created_at, updated_at, ...order }) => ({
    ...order,
    created_at: instant(created_at),
    updated_at: instant(updated_at),
  }));
}

const instant = (ms: number): string => new Date(ms).toISOString();
