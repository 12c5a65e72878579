/** A load balancer in front of several edges: in turn, to those alone whose `/readyz` said yes when it last asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { overHttp, type Send } from './shop.ts';

export interface Balancer {
  readonly send: Send;
  stop(): Promise<void>;
}

const probeMs = 100;
const probeTimeoutMs = 1_000;

/** @throws (its `send`) what the connection threw: it repeats nothing by itself */
export function startBalancer(urls: readonly string[]): Balancer {
  const edges = urls.map((url) => ({ url, send: overHttp(url), ready: true }));
  const stopping = new AbortController();
  let turn = 0;

  const probe = async (edge: (typeof edges)[number]): Promise<void> => {
    while (!stopping.signal.aborted) {
      edge.ready = await fetch(`${edge.url}/readyz`, { signal: AbortSignal.timeout(probeTimeoutMs) }).then(
        (answer) => answer.ok,
        () => false,
      );
      await sleep(probeMs);
    }
  };
  const probing = Promise.all(edges.map(probe));
  return {
    send(request) {
      const ready = edges.filter((edge) => edge.ready);
      const edge = ready[turn++ % ready.length];
      if (!edge) throw new Error('no edge is ready');
      return edge.send(request);
    },
    async stop() {
      stopping.abort();
      await probing;
    },
  };
}
