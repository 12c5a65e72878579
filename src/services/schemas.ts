/** Schemas that the routes of several services share. */
import { Type, type TObject } from '@sinclair/typebox';

export const Uuid = Type.String({ format: 'uuid' });
/** Minor units of a currency; the column is int4. */
export const Cents = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
export const Currency = Type.String({ pattern: '^[A-Z]{3}$' });
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000 });
/** RFC 3339, UTC, milliseconds. */
export const Instant = Type.String({ format: 'date-time' });
export const IdempotencyKey = Type.String({ minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' });

/** RFC 9457 problem details; `error` is the stable code. Extension members are allowed. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    error: Type.String(),
    trace_id: Type.String(),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details' },
);

/** The `response` entries of a route's error answers: `...problems(400, 404)`. */
export function problems<const Status extends number>(...statuses: Status[]): Record<Status, typeof Problem> {
  return Object.fromEntries(statuses.map((status) => [status, Problem])) as Record<Status, typeof Problem>;
}

/** One page of a list: `next_cursor` is absent on the last. */
export function page<T extends TObject>(item: T) {
  return Type.Object({ items: Type.Array(item), next_cursor: Type.Optional(Type.String()) });
}
