/** The API as a document: OpenAPI 3.1 from the routes' schemas, and a page to read it that needs no internet. */
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import { version } from '../version.ts';
import type { App } from './app.ts';
import { completeDocument, type OpenApiDocument } from './openapi-document.ts';

/** Starts collecting routes. Must run before they are registered. */
export async function collectOpenApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Waybill',
        version,
        description: 'Orders as durable state machines, with the inventory and the payments they need.',
      },
      // In the order of the page: what customers use, what operators use, what other roles use.
      tags: [
        { name: 'orders', description: 'What customers order, and what becomes of it' },
        { name: 'inventory', description: 'Products, stock and reservations' },
        { name: 'payments', description: 'The fake payment gateway' },
        { name: 'actors', description: 'Sagas as they are stored, and events by hand' },
        { name: 'machines', description: 'The statecharts this process runs' },
        { name: 'operations', description: 'Health and metrics' },
        { name: 'internal', description: 'The orders service, called by sagas that run elsewhere' },
      ],
    },
  });
}

/** The document of all routes registered on the app. Call it once the app is ready. */
export function openApiDocument(app: FastifyInstance): OpenApiDocument {
  return completeDocument(JSON.stringify(app.swagger()));
}

/** Serves `/openapi.json` and, at `/docs`, Scalar's API reference from this process alone. */
const apiDocs: FastifyPluginAsync = async (app) => {
  let document: string | undefined;
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'));
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(app));
    return reply.type('application/json').send(document);
  });

  let reference: Promise<Reference> | undefined;
  // Scalar's script is 5 MB and takes 150 ms to load: not before somebody asks for it.
  const load = () => (reference ??= renderReference());
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .headers(pageHeaders)
      .type('text/html; charset=utf-8')
      .send((await load()).page),
  );
  app.get(scriptPath, { schema: { hide: true } }, async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=86400')
      .type('text/javascript; charset=utf-8')
      .send((await load()).script),
  );
};
export default apiDocs;

const scriptPath = '/docs/scalar.js';

/** Whatever the page's script would like to fetch, the browser lets it speak to this origin alone. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; " +
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
};

interface Reference {
  readonly page: string;
  readonly script: Buffer;
}

/**
 * Takes the page and its script out of Scalar's plugin, which keeps the script to itself and whose own routes build a
 * URL from the Host header (and fail on a malformed one).
 */
async function renderReference(): Promise<Reference> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const inner = Fastify();
  await inner.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      cdn: scriptPath,
      pageTitle: 'Waybill API',
      withDefaultFonts: false,
      telemetry: false,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
  const page = await inner.inject('/docs/');
  const script = await inner.inject('/docs/js/scalar.js');
  await inner.close();
  return { page: page.body, script: script.rawPayload };
}
