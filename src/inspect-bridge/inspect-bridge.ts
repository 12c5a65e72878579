/**
 * The bridge from one actor to Stately's inspector: a server for this machine alone, with a page that opens the hosted
 * inspector in a window of its own and hands it the events, as `createBrowserInspector` of @statelyai/inspect does.
 */
import { readFile } from 'node:fs/promises';
import type { FastifyPluginAsync } from 'fastify';
import { buildApp } from '../http/app.ts';
import { drain } from '../http/drain.ts';
import inspectRoutes from '../http/inspect-routes.ts';
import type { Inspector } from '../inspector/index.ts';

export interface InspectBridge {
  /** The page. */
  readonly url: string;
  /** The same events without the page, for tools. */
  readonly socketUrl: string;
  /** Resolves once somebody has read everything there was to tell. */
  readonly told: Promise<void>;
  close(): Promise<void>;
}

export interface InspectBridgeOptions {
  readonly inspector: Inspector;
  readonly actorId: string;
  /** What the page calls the actor. */
  readonly title: string;
  /** The hosted inspector. */
  readonly inspectorUrl: URL;
  /** 0 takes a free one. */
  readonly port: number;
  /** Tell the stored history and no more. */
  readonly historyOnly: boolean;
}

/** @throws when the port is taken */
export async function openInspectBridge(options: InspectBridgeOptions): Promise<InspectBridge> {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const app = await buildApp();
  await app.register(inspectRoutes, { inspector: options.inspector, origins: [], onTold: () => resolve() });
  await app.register(bridgePage, options);
  const listening = await app.listen({ host: loopback, port: options.port });
  const { host } = new URL(listening);
  return {
    url: `http://${host}/`,
    socketUrl: `ws://${host}${socketPath(options)}`,
    told,
    close: () => drain(app),
  };
}

// Never a name or all addresses: the events have no other protection than where they can be asked for.
const loopback = '127.0.0.1';

function socketPath({ actorId, historyOnly }: InspectBridgeOptions): string {
  const query = new URLSearchParams({ actor: actorId, ...(historyOnly ? { history: 'only' } : {}) });
  return `/inspect?${query.toString()}`;
}

const assets = new URL('./', import.meta.url);
const files = [
  { path: '/', file: 'page.html', type: 'text/html; charset=utf-8' },
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
];

const bridgePage: FastifyPluginAsync<InspectBridgeOptions> = async (app, options) => {
  for (const { path, file, type } of files) {
    const content = await readFile(new URL(file, assets));
    app.get(path, { schema: { hide: true } }, (_request, reply) => reply.headers(pageHeaders).type(type).send(content));
  }
  const { title, inspectorUrl } = options;
  const settings = { title, inspectorUrl: inspectorUrl.href, socketPath: socketPath(options) };
  app.get('/settings.json', { schema: { hide: true } }, () => settings);
};

/**
 * The page runs its own script and speaks to this server; nothing else is loaded or asked. Opening the inspector's window
 * is navigation, which no policy restricts. No Cross-Origin-Opener-Policy: the two windows must be able to speak.
 */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};
