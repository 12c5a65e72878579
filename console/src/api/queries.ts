/** What the pages read, as queries: where it comes from and how long it stays fresh. Live events refresh it sooner. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  Demo,
  Difference,
  FoundOrders,
  MachineStates,
  OrderFile,
  OrderLog,
  Overview,
  ParkedActors,
  ParkedGroups,
  Session,
  Verdict,
} from '../../../src/console/schemas.ts';
import type { Json } from '../../../src/actors/index.ts';
import { ask, withQuery } from './client.ts';

const api = '/console/api';
const id = encodeURIComponent;

/** As GET /machines/{id} answers. */
export interface MachineBody {
  readonly id: string;
  readonly versions: readonly { readonly version: string; readonly structure_hash: string }[];
  readonly definition: Json;
}

export type OrderFilters = Readonly<
  Partial<
    Record<
      | 'view'
      | 'status'
      | 'user_id'
      | 'product_id'
      | 'created_after'
      | 'created_before'
      | 'min_cents'
      | 'max_cents'
      | 'parked_cause',
      string
    >
  >
>;

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => ask<Session>(`${api}/session`, { signal }),
  staleTime: Infinity,
});

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => ask<Overview>(`${api}/overview`, { signal }),
  refetchInterval: 5_000,
});

export const ordersQuery = (filters: OrderFilters, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ['orders', filters, limit],
    queryFn: ({ signal, pageParam }) =>
      ask<FoundOrders>(withQuery(`${api}/orders`, { ...filters, limit, cursor: pageParam }), { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 15_000,
  });

export const orderQuery = (orderId: string) =>
  queryOptions({
    queryKey: ['order', orderId, 'file'],
    queryFn: ({ signal }) => ask<OrderFile>(`${api}/orders/${id(orderId)}`, { signal }),
    refetchInterval: 10_000,
  });

export const logQuery = (orderId: string) =>
  queryOptions({
    queryKey: ['order', orderId, 'log'],
    queryFn: ({ signal }) => ask<OrderLog>(`${api}/orders/${id(orderId)}/log`, { signal }),
    refetchInterval: 10_000,
  });

export const machineQuery = (machine: string, version?: string) =>
  queryOptions({
    queryKey: ['machine', machine, version ?? 'newest'],
    queryFn: ({ signal }) =>
      ask<MachineBody>(withQuery(`/machines/${id(machine)}`, { version, format: 'json' }), { signal }),
    staleTime: Infinity,
  });

export const statesQuery = (machine: string) =>
  queryOptions({
    queryKey: ['states', machine],
    queryFn: ({ signal }) => ask<MachineStates>(`${api}/machines/${id(machine)}/states`, { signal }),
    refetchInterval: 10_000,
  });

export const verdictQuery = (machine: string, version: string) =>
  queryOptions({
    queryKey: ['verdict', machine, version],
    queryFn: ({ signal }) => ask<Verdict>(withQuery(`${api}/machines/${id(machine)}/verdict`, { version }), { signal }),
    staleTime: Infinity,
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? 2_000 : false),
  });

export const differenceQuery = (machine: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['difference', machine, from, to],
    queryFn: ({ signal }) =>
      ask<Difference>(withQuery(`${api}/machines/${id(machine)}/difference`, { from, to }), { signal }),
    staleTime: Infinity,
  });

export const parkedQuery = queryOptions({
  queryKey: ['parked'],
  queryFn: ({ signal }) => ask<ParkedGroups>(`${api}/parked`, { signal }),
  refetchInterval: 10_000,
});

export const parkedActorsQuery = (cause: string) =>
  infiniteQueryOptions({
    queryKey: ['parked', 'actors', cause],
    queryFn: ({ signal, pageParam }) =>
      ask<ParkedActors>(withQuery(`${api}/parked/actors`, { cause, limit: 50, cursor: pageParam }), { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

export const demoQuery = queryOptions({
  queryKey: ['demo'],
  queryFn: ({ signal }) => ask<Demo>(`${api}/demo`, { signal }),
  refetchInterval: 5_000,
});

export const failingTestUrl = (orderId: string, revision: number): string =>
  withQuery(`${api}/orders/${id(orderId)}/failing-test`, { revision });
