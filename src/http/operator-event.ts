/** An operator's event as it comes over HTTP: to be sent, or to be previewed. */
import { type Static, Type } from '@sinclair/typebox';
import type { ActorEvent } from '../actors/index.ts';

const text = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' });

export const operatorEventProperties = {
  type: Type.String({ pattern: '^[A-Z][A-Z_]{0,63}$', examples: ['RETRY', 'RESOLVE'] }),
  by: text,
  why: text,
  settlement: Type.Optional(
    Type.Object(
      { voided_cents: Type.Integer({ minimum: 0 }), refunded_cents: Type.Integer({ minimum: 0 }) },
      { additionalProperties: false, description: 'RESOLVE: what was done about the money by hand' },
    ),
  ),
};

export const OperatorEvent = Type.Object(operatorEventProperties, { additionalProperties: false });

/** As the machine takes it. */
export function operatorEventOf({ type, by, why, settlement }: Static<typeof OperatorEvent>): ActorEvent {
  if (!settlement) return { type };
  const { voided_cents: voidedCents, refunded_cents: refundedCents } = settlement;
  return { type, settlement: { by, why, voidedCents, refundedCents } };
}
