/** Conditional reads: an ETag per representation, 304 for a client that has it already. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A strong entity tag from parts that change whenever the representation does, e.g. a revision. */
export function entityTag(...parts: readonly (string | number)[]): string {
  return `"${parts.join('-')}"`;
}

/**
 * Sets `ETag` and answers 304 if the client's `If-None-Match` names this version.
 * @param tag from `entityTag`
 * @returns whether it has answered; if so, `return reply`
 */
export function answeredNotModified(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  // May be kept, but must be asked about each time: an order changes without notice.
  void reply.headers({ etag: tag, 'cache-control': 'private, no-cache' });
  if (!matches(request.headers['if-none-match'], tag)) return false;
  void reply.code(304).send();
  return true;
}

/** The weak comparison of RFC 9110 §13.1.2. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === tag);
}
