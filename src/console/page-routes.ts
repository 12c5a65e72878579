/** The console's pages over HTTP: any path below `/console` is the one page, which finds its way itself. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemInit } from '../http/problems.ts';
import type { ConsoleApp } from './console-app.ts';
import type { Page, Pages } from './pages.ts';

/**
 * Nothing but what this server sends: no inline script or style, no eval, no other origin, no frame around it. `data:`
 * for pictures drawn on the spot.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const oneYear = 'public, max-age=31536000, immutable';

export function pageRoutes(app: ConsoleApp, pages: Pages): void {
  const send = async (request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> => {
    if (!(await pages.isBuilt())) return reply.problem(notBuilt);
    // A file has a name with a dot; every other path is one of the page's own.
    const isFile = /\.[a-z0-9]+$/i.test(path);
    const page = await pages.find(isFile ? path : '');
    return page ? sendPage(request, reply, page) : reply.problem(noSuchFile);
  };
  app.get('/console', { schema: { hide: true } }, (request, reply) => send(request, reply, ''));
  app.get<{ Params: { '*': string } }>('/console/*', { schema: { hide: true } }, (request, reply) => {
    const path = request.params['*'];
    // A route of the API that is not there is not a page.
    if (path === 'api' || path.startsWith('api/')) return reply.problem(nothingHere);
    return send(request, reply, path);
  });
}

function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  void reply.headers({
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'cache-control': page.isHashed ? oneYear : 'no-store',
    etag: page.etag,
    vary: 'Accept-Encoding',
  });
  if (page.isHashed && request.headers['if-none-match'] === page.etag) return reply.code(304).send();
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (takesGzip) void reply.header('content-encoding', 'gzip');
  return reply.type(page.type).send(takesGzip ? page.gzipped : page.body);
}

const notBuilt: ProblemInit = {
  status: 503,
  error: 'console_not_built',
  title: 'The console’s pages have not been built',
  detail: 'Run `npm run build` where Waybill is installed; this process then serves them at once.',
};

const noSuchFile: ProblemInit = { status: 404, error: 'not_found', title: 'The console has no such file' };
const nothingHere: ProblemInit = { status: 404, error: 'not_found', title: 'There is nothing at this path' };
