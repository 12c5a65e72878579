/** Building blocks of the console's schemas. */
import { Type } from '@sinclair/typebox';
import type { Json } from '../../actors/index.ts';
import { type OrderStatus, orderStatuses } from '../../services/ledger/entry.ts';

export const strict = { additionalProperties: false };
export const Nullable = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()]);
export const OneOf = <const Name extends string>(names: readonly Name[]) =>
  Type.Unsafe<Name>({ type: 'string', enum: [...names] });
export const AnyJson = Type.Unsafe<Json>({});
export const Text = Type.String();
export const Count = Type.Integer({ minimum: 0 });
/** Milliseconds. */
export const Ms = Type.Number({ minimum: 0 });
export const Share = Type.Number({ minimum: 0, maximum: 1 });
export const Status = Type.Unsafe<OrderStatus>({ type: 'string', enum: [...orderStatuses] });
export const ParkedBy = OneOf(['machine', 'runtime']);
/** Where a value differs. */
export const Change = Type.Object({
  path: Type.String({ description: 'JSON Pointer' }),
  before: Type.Optional(AnyJson),
  after: Type.Optional(AnyJson),
});
