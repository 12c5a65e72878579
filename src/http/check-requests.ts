/** Refuses requests that no handler should see, and brings the rest into canonical form before validation. */
import type { FastifyRequest, preValidationHookHandler, RouteOptions } from 'fastify';
import type { App } from './app.ts';
import { canonicalizer, queryReader } from './canonical.ts';
import { invalid, type ProblemInit, problems, RefusedRequest } from './problems.ts';
import { isStorableText, parseStrictJson } from './strict-json.ts';

/** Installs the checks. Must run before routes are registered: each gets a hook made from its schemas. */
export function checkRequests(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // An empty chunked body is as good as none; and no route, no reading.
    if (body.length === 0 || request.is404) return done(null, undefined);
    const json = parseStrictJson(body);
    if (json.ok) done(null, json.value);
    else done(new RefusedRequest(invalid(json.reason, 'body')));
  });
  app.addHook('onRequest', (request, reply, done) => {
    const problem = problemOfHeaders(request);
    if (problem) return void reply.problem(problem);
    done();
  });
  app.addHook('onRoute', (route) => {
    route.preValidation = [inspector(route), ...[route.preValidation ?? []].flat()];
  });
}

const jsonMediaType = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function problemOfHeaders(request: FastifyRequest): ProblemInit | null {
  const { headers, raw } = request;
  if (raw.httpVersion === '1.1' && !headers.host) return invalid('A Host header is required.', 'header');
  // Node joins repeated headers of most names into one value: two keys would pass as one.
  if (countHeader(raw.rawHeaders, 'idempotency-key') > 1) {
    return invalid('Idempotency-Key must be given once.', 'header');
  }
  // No site of another origin may act through a browser on this machine; there is no other authentication.
  if (headers['sec-fetch-site'] === 'cross-site' && request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 403, error: 'forbidden', title: 'Other sites may not send requests here' };
  }
  return request.is404 ? null : problemOfBodyHeaders(request);
}

function problemOfBodyHeaders({ headers }: FastifyRequest): ProblemInit | null {
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) {
    // `curl -d ''` names a type for no body; no parser should be looked for.
    delete headers['content-type'];
    return null;
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return problems.unsupportedMediaType;
  return jsonMediaType.test(headers['content-type'] ?? '') ? null : problems.unsupportedMediaType;
}

function countHeader(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((entry, i) => i % 2 === 0 && entry.toLowerCase() === name).length;
}

/** The hook of one route: text that can be stored, no body where none is read, and each part in canonical form. */
function inspector(route: RouteOptions): preValidationHookHandler {
  const { schema } = route;
  const params = canonicalizer(schema?.params);
  const query = queryReader(schema?.querystring);
  const body = canonicalizer(schema?.body);
  const takesBody = schema?.body !== undefined;
  return (request, _reply, done) => {
    if (!holdsStorableText(request.params)) return done(refusedText('path'));
    if (!holdsStorableText(request.query)) return done(refusedText('query'));
    if (!takesBody && !isNothing(request.body)) {
      return done(new RefusedRequest(invalid('This request takes no body.', 'body')));
    }
    request.params = params(request.params);
    request.query = query(request.query);
    request.body = body(request.body);
    done();
  };
}

function refusedText(location: string): RefusedRequest {
  return new RefusedRequest(invalid(`The ${location} contains a NUL character or a lone surrogate.`, location));
}

/** Of a flat record of strings and lists of strings, as the path and the query are. */
function holdsStorableText(part: unknown): boolean {
  return Object.entries(part ?? {})
    .flat(2)
    .every((text) => typeof text !== 'string' || isStorableText(text));
}

/** Clients that always send an object send an empty one. */
function isNothing(body: unknown): boolean {
  return body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
}
