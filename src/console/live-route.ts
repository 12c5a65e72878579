/** `GET /console/api/live`: orders as they move, as server-sent events. */
import { streamEvents } from '../http/sse.ts';
import { problems } from '../services/schemas.ts';
import type { ConsoleApp } from './console-app.ts';
import type { LiveOrdersSource } from './live-orders.ts';

export function liveRoute(app: ConsoleApp, live: LiveOrdersSource): void {
  app.get(
    '/live',
    {
      // A HEAD request would watch for ever, and show nothing of it.
      exposeHeadRoute: false,
      schema: { hide: true, response: { ...problems(503) } },
    },
    (request, reply) =>
      streamEvents(request, reply, async function* ({ signal }) {
        // Where the stream begins: what moved before, a page has to look up.
        yield { event: 'hello', data: { at: new Date().toISOString() } };
        for await (const body of live.watch(signal)) yield { event: 'orders', data: body };
      }),
  );
}
