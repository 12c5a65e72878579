/** What the gateway's HTTP API takes and answers. */
import { Type } from '@sinclair/typebox';
import { Cents, Currency, IdempotencyKey, Instant, page, Uuid } from '../schemas.ts';
import { PaymentStatus } from './decisions.ts';

/** The key may come in the body or in this header; it is one key, so they must not differ. */
export const KeyHeader = Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey) });

const keyInBody = { idempotency_key: Type.Optional(IdempotencyKey) };
const strict = { additionalProperties: false };

export const AuthorizationParams = Type.Object({ authorization_id: Uuid });
export const PaymentQuery = Type.Object({ idempotency_key: IdempotencyKey }, strict);

const maxReportPage = 500;
export const ReportQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxReportPage, description: 'Default 100' })),
    cursor: Type.Optional(Type.String({ format: 'uuid', description: '`next_cursor` of the page before' })),
  },
  strict,
);

export const MovementsQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxReportPage, description: 'Default 100' })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,17}$', description: '`next_cursor` of the page before' }),
    ),
  },
  strict,
);

export const AuthorizeBody = Type.Object(
  {
    user_id: Uuid,
    amount_cents: Cents,
    currency: Currency,
    payment_token: Type.String({ minLength: 1, maxLength: 255, description: 'Chooses the scenario; kept nowhere.' }),
    ...keyInBody,
  },
  strict,
);
export const CaptureBody = Type.Object(
  { amount_cents: Type.Optional({ ...Cents, description: 'Default: all. The rest is given back.' }), ...keyInBody },
  strict,
);
export const VoidBody = Type.Object(keyInBody, strict);
export const VoidByKeyBody = Type.Object({ authorize_idempotency_key: IdempotencyKey, ...keyInBody }, strict);
export const RefundBody = Type.Object(
  {
    amount_cents: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Default: all that is not refunded yet.' }),
    ),
    ...keyInBody,
  },
  strict,
);

/** Totals of one payment so far. */
export const amounts = {
  authorized_cents: Cents,
  captured_cents: Cents,
  voided_cents: Cents,
  refunded_cents: Cents,
  expired_cents: Cents,
};

/** The answer to a call that was not refused: the payment as that call left it. */
export const PaymentAnswer = Type.Object({
  authorization_id: Uuid,
  status: PaymentStatus,
  currency: Currency,
  ...amounts,
});

/** `nothing`: nothing is held under that key. Without an authorization there is no id either. */
export const VoidAnswer = Type.Object({
  authorization_id: Type.Union([Uuid, Type.Null()]),
  status: Type.Union([PaymentStatus, Type.Literal('nothing')]),
  currency: Type.Union([Currency, Type.Null()]),
  ...amounts,
});

export const PaymentRecord = Type.Object({
  authorization_id: Uuid,
  idempotency_key: IdempotencyKey,
  user_id: Uuid,
  amount_cents: Cents,
  currency: Currency,
  status: PaymentStatus,
  decline_code: Type.Union([Type.String(), Type.Null()]),
  ...amounts,
  created_at: Instant,
  updated_at: Instant,
});
export const PaymentReport = page(PaymentRecord);

/** A line of the gateway's ledger. */
export const Movement = Type.Object({
  authorization_id: Uuid,
  idempotency_key: { ...IdempotencyKey, description: 'That the payment was authorized under' },
  kind: Type.String(),
  amount_cents: Cents,
  at: Instant,
  authorized_at: Instant,
});
export const Movements = page(Movement);
