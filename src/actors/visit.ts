/** Moves one actor as far as it goes: commit a step, make the call it claimed, come back with the outcome, repeat. */
import type { Outcome, PendingEffect, ProcessPorts, RemoteEffect } from './ports.ts';
import { effectKey, type Next, type Step, type StepResult } from './steps.ts';

export interface VisitPorts {
  readonly commit: (step: Step) => Promise<StepResult>;
  readonly process: ProcessPorts;
  readonly remoteEffects: ReadonlyMap<string, RemoteEffect>;
  readonly publish: (actorIds: readonly string[]) => void;
  readonly leaseMarginMs: number;
}

export type VisitEnd = Exclude<Next['type'], 'call' | 'again' | 'migrated'>;

/** An actor that moves on and on by itself gives its place to others after this many commits. */
const maxStepsPerVisit = 64;

/**
 * Waits before another look at an actor that was held. A holder need not go on: it may have looked too early, or bring an
 * outcome that is dropped. If it is held through all of them, its wake row brings it again.
 */
const lookAgainMs = [20, 80, 320];

/**
 * @param until a tag at which to stop and hand over; null: until it waits, is parked, or is done
 * @param first what the commit that began this visit left to do, with the instant it was sent at
 */
export async function visit(
  ports: VisitPorts,
  actorId: string,
  until: string | null,
  first: { readonly next: Next; readonly sentAtMs: number } | null = null,
): Promise<VisitEnd> {
  let step: Step = { type: 'advance', actorId, until };
  let arrived = first;
  const waits = [...lookAgainMs];
  for (let steps = 0; steps < maxStepsPerVisit; steps += 1) {
    // The holder's lease clock starts before its claim is sent, so it ends before the store's does.
    const sentAtMs: number = arrived?.sentAtMs ?? ports.process.monotonicMs();
    const next: Next = arrived?.next ?? (await ports.commit(step)).next;
    arrived = null;
    if (next.type === 'again' || next.type === 'migrated') step = { type: 'advance', actorId, until };
    else if (next.type === 'busy') {
      const waitMs = waits.shift();
      if (waitMs === undefined) return next.type;
      await ports.process.delay(waitMs);
    } else if (next.type === 'call')
      step = await runEffect(ports, { actorId, until, sentAtMs, effect: next.effect, traceparent: next.traceparent });
    else return next.type;
  }
  ports.publish([actorId]);
  return 'handedOver';
}

interface Claimed {
  readonly actorId: string;
  readonly until: string | null;
  readonly sentAtMs: number;
  readonly effect: PendingEffect;
  readonly traceparent: string | null;
}

async function runEffect(ports: VisitPorts, claimed: Claimed): Promise<Step> {
  const { actorId, until, effect } = claimed;
  const named = { actorId, effectId: effect.id, token: effect.token };
  const leftMs = effect.timeoutMs + ports.leaseMarginMs - (ports.process.monotonicMs() - claimed.sentAtMs);
  // The commit took so long that another could claim before our call has timed out: let the lease go instead.
  if (leftMs < effect.timeoutMs) return { type: 'notNow', ...named, retryAfterMs: 0, late: true };
  const answer = await call(ports, claimed);
  if (answer.type === 'notNow') return { type: 'notNow', ...named, retryAfterMs: answer.retryAfterMs, late: false };
  return { type: 'outcome', ...named, outcome: answer, until };
}

async function call(
  ports: VisitPorts,
  { actorId, effect, traceparent }: Claimed,
): Promise<Outcome | { type: 'notNow'; retryAfterMs: number }> {
  const handler = ports.remoteEffects.get(effect.src);
  // Only what is known to be remote is ever claimed.
  if (!handler) throw new Error(`no handler for the effect ${effect.src}`);
  const timeout = new AbortController();
  const over = new AbortController();
  const key = effectKey(actorId, effect.src);
  try {
    return await Promise.race([
      handler.call({
        effect: effect.src,
        effectId: effect.id,
        claim: effect.claims,
        key,
        actorId,
        input: effect.input,
        traceparent,
        signal: timeout.signal,
      }),
      ports.process.delay(effect.timeoutMs, over.signal).then((): Outcome => {
        // Only a call that still runs: what its answer came over may serve others by now.
        if (!over.signal.aborted) timeout.abort();
        return { type: 'unknown', code: 'timeout', message: `no answer within ${effect.timeoutMs} ms` };
      }),
    ]);
  } catch (error) {
    return { type: 'unknown', code: 'threw', message: error instanceof Error ? error.message : String(error) };
  } finally {
    // With a reason: without one, an error is made up that nobody reads.
    over.abort('answered');
  }
}
