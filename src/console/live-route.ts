/** `GET /console/api/live`: orders as they move, as server-sent events. */
import { streamEvents } from '../http/sse.ts';
import { EventStream } from '../services/ledger/schemas.ts';
import { problems } from '../services/schemas.ts';
import type { ConsoleApp } from './console-app.ts';
import type { LiveOrdersSource } from './live-orders.ts';

export function liveRoute(app: ConsoleApp, live: LiveOrdersSource): void {
  app.get(
    '/live',
    {
      // A HEAD request would watch for ever, and show nothing of it.
      exposeHeadRoute: false,
      schema: { hide: true, response: { 200: EventStream, ...problems(503) } },
    },
    async (request, reply) =>
      streamEvents(request, reply, async function* ({ signal }) {
        // Where the stream begins: what moved before, a page has to look up.
        yield { event: 'hello', data: { at: new Date().toISOString() } };
        for await (const body of live.watch(signal)) yield { event: 'orders', data: body };
      }),
  );
}
