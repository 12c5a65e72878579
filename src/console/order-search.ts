/** The search for orders: the ledger's list, with where each one's saga stands. */
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import type { ActorMachine } from '../actors/index.ts';
import { row, sql } from '../persistence/sql.ts';
import { summaryOf } from '../services/ledger/bodies.ts';
import type { Order } from '../services/ledger/entry.ts';
import type { Ledger, OrderFilter } from '../services/ledger/service.ts';
import { parkedActors, parkedAmong } from './parked-queries.ts';
import { parkedTitle } from './parked-title.ts';
import type { FoundOrder, OrderSearch, OrderView } from './schemas.ts';
import { standingIn } from './unfinished.ts';

export interface SearchPorts {
  readonly pool: CommonQueryMethods;
  readonly ledger: Pick<Ledger, 'list'>;
  readonly machines: readonly ActorMachine[];
}

type Search = Omit<Static<typeof OrderSearch>, 'limit' | 'cursor'>;

/** @returns at most `limit`, newest first */
export async function searchOrders(
  ports: SearchPorts,
  search: Search,
  page: Pick<OrderFilter, 'after' | 'limit'>,
): Promise<readonly Static<typeof FoundOrder>[]> {
  const orders = await ports.ledger.list({ ...(await filterOf(ports, search)), ...page });
  return withStanding(ports, orders);
}

async function filterOf({ pool }: SearchPorts, search: Search): Promise<Omit<OrderFilter, 'limit'>> {
  const ids = await idsOf(pool, search);
  return {
    status: search.status ?? statusOf(search.view),
    userId: search.user_id,
    productId: search.product_id,
    createdFromMs: search.created_after === undefined ? undefined : Date.parse(search.created_after),
    createdBeforeMs: search.created_before === undefined ? undefined : Date.parse(search.created_before),
    minCents: search.min_cents,
    maxCents: search.max_cents,
    ids: ids ?? undefined,
  };
}

function statusOf(view: OrderView | undefined): OrderFilter['status'] {
  if (view === 'compensating') return 'COMPENSATING';
  return view === 'needs_attention' ? 'NEEDS_ATTENTION' : undefined;
}

const maxOfCause = 20_000;

/** What only the actors know. @returns null: all orders may be among them */
async function idsOf(pool: CommonQueryMethods, { view, parked_cause }: Search): Promise<readonly string[] | null> {
  const sets = [
    ...(view === 'stuck' || view === 'retrying' ? [await standingIn(pool, view)] : []),
    ...(parked_cause === undefined ? [] : [await ofCause(pool, parked_cause)]),
  ];
  const [first, second] = sets;
  if (!first || !second) return first ?? null;
  const wanted = new Set(second);
  return first.filter((id) => wanted.has(id));
}

/** Orders alone: what is no order of the ledger has no total. */
async function ofCause(pool: CommonQueryMethods, cause: string): Promise<readonly string[]> {
  const found = await parkedActors(pool, { cause, limit: maxOfCause });
  return found.flatMap(({ id, total_cents }) => (total_cents === null ? [] : [id]));
}

const standingRow = row(
  Type.Object({ id: Type.String(), state: Type.String(), attempts: Type.Union([Type.Integer(), Type.Null()]) }),
);

/** Locks nothing. Index: actor_pkey. */
function standingOf(pool: CommonQueryMethods, ids: readonly string[]) {
  return pool.any(sql.type(standingRow)`
    select id, state, (snapshot #>> '{context,step,attempts}')::int4 as attempts
    from actors.actor where id = any(${sql.array([...ids], 'text')})`);
}

async function withStanding({ pool, machines }: SearchPorts, orders: readonly Order[]) {
  const ids = orders.map(({ id }) => id);
  const [actors, parked] =
    ids.length === 0 ? [[], []] : await Promise.all([standingOf(pool, ids), parkedAmong(pool, ids)]);
  return orders.map((order): Static<typeof FoundOrder> => {
    const actor = actors.find(({ id }) => id === order.id);
    const why = parked.find(({ id }) => id === order.id);
    return {
      ...summaryOf(order),
      state: actor?.state ?? null,
      attempts: actor?.attempts ?? 0,
      parked: why
        ? { by: why.by, cause: why.cause, title: parkedTitle(machines, why), since: new Date(why.since).toISOString() }
        : null,
    };
  });
}
