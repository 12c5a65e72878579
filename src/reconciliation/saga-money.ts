/** Reads what an order saga's snapshot says about money, whatever version wrote it. */
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { ActorRow } from '../actors/index.ts';
import type { SagaMoney } from './drift.ts';

const Cents = Type.Integer();
const context = TypeCompiler.Compile(
  Type.Object({
    payment: Type.Object({
      authorizationId: Type.Union([Type.String(), Type.Null()]),
      authorizedCents: Cents,
      capturedCents: Cents,
      voidedCents: Cents,
      refundedCents: Cents,
      expiredCents: Cents,
    }),
    owes: Type.Object({ money: Type.Boolean() }),
    failure: Type.Union([Type.Object({}), Type.Null()]),
  }),
);

/** @returns by order; a snapshot that says nothing readable is left out */
export function sagaMoneyOf(actors: readonly ActorRow[]): ReadonlyMap<string, SagaMoney> {
  const sagas = new Map<string, SagaMoney>();
  for (const { id, snapshot, parked } of actors) {
    const { context: known } = snapshot;
    if (!context.Check(known)) continue;
    const { authorizationId, authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = known.payment;
    sagas.set(id, {
      payment: { authorizationId, authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents },
      owesMoney: known.owes.money,
      isFailing: known.failure !== null,
      isParked: parked?.by === 'machine',
    });
  }
  return sagas;
}
