/** An inspector of the test's own: a page around the receivers of @statelyai/inspect, bundled as a site would bundle them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'vite';

export interface ReceiverSite {
  readonly origin: string;
  /** A page that receives over postMessage from its opener. */
  readonly inspectorUrl: string;
  /** A page that receives over a WebSocket. */
  socketPage(socketUrl: string): string;
  /** A page that leads to another one, and stays at nothing. */
  redirectTo(url: string): string;
  close(): Promise<void>;
}

/** What the page keeps for the test to look at. */
export interface ReceivedEvent {
  readonly type: string;
  readonly name?: string;
  readonly definition?: string;
  readonly sessionId: string;
  readonly rootId: string;
  readonly createdAt: string;
  readonly _version: string;
  readonly event?: { readonly type: string; readonly [key: string]: unknown };
  readonly snapshot?: { readonly status: string; readonly value: unknown; readonly context: Record<string, unknown> };
}

const entry = `
import { createBrowserReceiver, createWebSocketReceiver } from '@statelyai/inspect';
window.received = [];
const server = new URLSearchParams(location.search).get('socket');
const receiver = server ? createWebSocketReceiver({ server }) : createBrowserReceiver();
receiver.subscribe((event) => window.received.push(event));
`;
const entryId = 'virtual:receiver';
const page =
  '<!doctype html><title>receiver</title><link rel="icon" href="data:,"><script type="module" src="/receiver.js"></script>';

export async function serveReceiver(): Promise<ReceiverSite> {
  const script = await bundled();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://receiver');
    const elsewhere = url.searchParams.get('to');
    if (url.pathname === '/redirect' && elsewhere) response.writeHead(302, { location: elsewhere }).end();
    else if (url.pathname === '/receiver.js')
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    inspectorUrl: `${origin}/inspect`,
    socketPage: (socketUrl) => `${origin}/socket?socket=${encodeURIComponent(socketUrl)}`,
    redirectTo: (url) => `${origin}/redirect?to=${encodeURIComponent(url)}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bundled(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'receiver',
        resolveId: (id) => (id === entryId ? id : null),
        load: (id) => (id === entryId ? entry : null),
      },
    ],
    build: { write: false, minify: false, modulePreload: false, rolldownOptions: { input: entryId } },
  });
  const outputs = [result].flat().flatMap((bundle) => ('output' in bundle ? bundle.output : []));
  const chunk = outputs.find((output) => output.type === 'chunk');
  if (!chunk) throw new Error('the receiver was not bundled');
  return chunk.code;
}
