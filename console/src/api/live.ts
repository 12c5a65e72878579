/** Orders as they move: one stream for all pages, which refreshes whatever they show of those orders. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { LiveOrders } from '../../../src/console/schemas.ts';

export type LiveState = 'connecting' | 'open' | 'lost';

/** Lists and sums are read again at most this often, however much moves. */
const listsEveryMs = 1_500;

export function useLive(): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    const source = new EventSource('/console/api/live');
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const refreshLists = (): void => {
      waiting = undefined;
      for (const key of ['overview', 'orders', 'parked', 'states'])
        void client.invalidateQueries({ queryKey: [key], refetchType: 'active' });
    };
    source.addEventListener('open', () => setState('open'));
    source.addEventListener('error', () => setState('lost'));
    source.addEventListener('orders', (event: MessageEvent<string>) => {
      const { orders } = JSON.parse(event.data) as LiveOrders;
      for (const { id } of orders) void client.invalidateQueries({ queryKey: ['order', id], refetchType: 'active' });
      waiting ??= setTimeout(refreshLists, listsEveryMs);
    });
    return () => {
      source.close();
      clearTimeout(waiting);
    };
  }, [client]);
  return state;
}
