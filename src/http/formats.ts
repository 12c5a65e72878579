/** Ajv formats that accept only what Postgres and JavaScript read alike. */
import type { FastifyServerOptions } from 'fastify';

type OnCreate = NonNullable<NonNullable<FastifyServerOptions['ajv']>['onCreate']>;

/** Replaces `uuid` (ajv-formats takes `urn:uuid:`, Postgres does not) and `date-time` (it takes leap seconds, year 0, blanks). */
export const strictFormats: OnCreate = (ajv) => {
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i);
  ajv.addFormat('date-time', { type: 'string', validate: isInstant });
};

const instantPattern = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

function isInstant(text: string): boolean {
  const date = instantPattern.exec(text)?.[1];
  if (date === undefined || date < '0001-01-02' || date > '9999-12-30') return false;
  // JavaScript reads 30 February as 1 March; Postgres refuses it.
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}
