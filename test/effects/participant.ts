/** Runs one effect against its local or its remote form, as the runtime would. */
import type { EffectRequest, Json, Outcome, Participant, RemoteEffect } from '../../src/actors/ports.ts';
import type { DatabasePool, Tx } from '../../src/persistence/pool.ts';

/** @returns the outcome, or `notNow` from a remote form */
export type Run = (effect: string, actorId: string, input?: Json) => Promise<Outcome | { readonly type: 'notNow' }>;

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export function requestFor(effect: string, actorId: string, input: Json = {}): EffectRequest {
  return { effect, actorId, input, key: `${actorId}:${effect}` };
}

/** Each effect in a transaction of its own, as an idle worker's batch of one. */
export function locally(pool: () => DatabasePool, participant: () => Participant<Tx>): Run {
  return async (effect, actorId, input) => {
    const request = requestFor(effect, actorId, input);
    const [outcome] = await pool().transaction((tx) => participant().apply(tx, [request], Date.now()));
    return outcome!;
  };
}

export function remotely(effects: () => readonly RemoteEffect[]): Run {
  return (effect, actorId, input) => {
    const handler = effects().find((one) => one.effect === effect);
    if (!handler) throw new Error(`${effect} has no remote form`);
    const signal = AbortSignal.timeout(10_000);
    return handler.call({
      ...requestFor(effect, actorId, input),
      effectId: `${effect}@1`,
      claim: 1,
      signal,
      traceparent,
    });
  };
}
