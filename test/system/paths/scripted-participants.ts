/** What becomes of the calls that a path speaks of: answered by the real participant, struck before, or lost after. */
import { type Outcome, type Participant, type RemoteEffect, type SettledOutcome } from '../../../src/actors/index.ts';
import {
  type Transport,
  type TransportAnswer,
  TransportError,
  type TransportRequest,
} from '../../../src/effects/transport.ts';
import type { Tx } from '../../../src/persistence/pool.ts';
import type { PathStep } from '../../../src/verifier/paths.ts';
import type { Play } from './play.ts';

/**
 * Over HTTP. `failed` never reaches the participant; `unknown` loses the question or the answer; `done` and most refusals
 * are what the participant itself answers.
 */
export function scriptedTransport(real: Transport, playing: () => Play | null): Transport {
  return async (request) => {
    const play = playing();
    const effect = effectOf(request);
    if (!play || effect === null || !play.says(effect)) return real(request);
    const { index, step } = await play.turn(effect, request.signal);
    const answer = (): Promise<TransportAnswer> => answerOf(real, play, { effect, step, request });
    const answered = await Promise.allSettled([answer()]);
    if (play.answered(index)) return vanished();
    const [result] = answered;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
}

interface Asked {
  readonly effect: string;
  readonly step: PathStep;
  readonly request: TransportRequest;
}

async function answerOf(real: Transport, play: Play, { effect, step, request }: Asked): Promise<TransportAnswer> {
  const { delivery } = step;
  if (delivery.type !== 'outcome') throw new Error('only an outcome answers a call');
  switch (delivery.outcome) {
    case 'done':
      play.calls.push(request);
      return real(request);
    case 'refused': {
      const refusal = dishonestRefusal(effect, request);
      if (refusal) return refusal;
      play.calls.push(request);
      return real(request);
    }
    case 'failed':
      if (play.random() < 0.5) throw new TransportError('unreachable', 'nobody is there', { sent: false });
      return { status: 503, body: { error: 'service_unavailable' } };
    case 'unknown': {
      play.calls.push(request);
      if (delivery.tookEffect) {
        const answer = await real(request);
        // The void of what was captured: the effect is the refund that follows.
        if (request.path === '/payments/void' && answer.status === 409) return answer;
      }
      throw new TransportError('connection_lost', 'the connection was lost', { sent: true });
    }
  }
}

/** Which effect a request belongs to; null: none that is asked of a saga's participants. */
function effectOf({ method, path }: TransportRequest): string | null {
  const found = routes.find(([on, pattern]) => on === method && pattern.test(path));
  return found ? found[2] : null;
}

const routes: readonly (readonly [TransportRequest['method'], RegExp, string])[] = [
  ['POST', /^\/payments\/authorize$/, 'payments.authorize'],
  ['POST', /^\/payments\/capture\//, 'payments.capture'],
  ['POST', /^\/payments\/(?:void$|refund\/)/, 'payments.undo'],
  ['POST', /^\/internal\/orders$/, 'orders.create'],
  ['PUT', /^\/internal\/orders\/[^/]+\/confirm$/, 'orders.confirm'],
  ['PUT', /^\/internal\/orders\/[^/]+\/cancel$/, 'orders.cancel'],
  ['POST', /^\/reservations$/, 'inventory.reserve'],
  ['POST', /^\/reservations\/[^/]+\/commit$/, 'inventory.commit'],
  ['DELETE', /^\/reservations\//, 'inventory.release'],
];

/**
 * Refusals that no honest state of the participant yields here: the test says them itself. An undo is refused only where
 * what it undoes went through after all, a stock commit only where the reservation is not the saga's any more.
 */
const dishonest: Readonly<Record<string, TransportAnswer>> = {
  'orders.cancel': { status: 409, body: { error: 'order_confirmed' } },
  'inventory.release': { status: 409, body: { error: 'reservation_sold' } },
  'inventory.commit': { status: 404, body: { error: 'reservation_not_found' } },
  'payments.undo': { status: 409, body: { error: 'refund_exceeds_capture' } },
};

function dishonestRefusal(effect: string, { path }: TransportRequest): TransportAnswer | null {
  // The gateway refuses an undo in two answers: it cannot be voided, nor refunded.
  if (path === '/payments/void') return { status: 409, body: { error: 'already_captured', authorization_id: 'none' } };
  return dishonest[effect] ?? null;
}

/** In the transaction of the transition: such an effect is done or refused, never anything else. */
export function scriptedParticipant(real: Participant<Tx>, playing: () => Play | null): Participant<Tx> {
  return {
    name: real.name,
    effects: real.effects,
    async apply(tx, requests, nowMs): Promise<readonly SettledOutcome[]> {
      const refused = requests.flatMap(({ effect }) => {
        const refusal = dishonest[effect];
        return refusal && isRefusedNow(playing(), effect) ? [refusalIn(refusal)] : [];
      });
      if (refused.length === 0) return real.apply(tx, requests, nowMs);
      if (requests.length > 1) throw new Error('one order at a time is played');
      return refused;
    },
  };
}

/** Whether the path refuses this effect now. */
function isRefusedNow(play: Play | null, effect: string): boolean {
  const next = play?.next();
  const delivery = next?.delivery;
  return delivery?.type === 'outcome' && delivery.effect.src === effect && delivery.outcome === 'refused';
}

function refusalIn({ body }: TransportAnswer): SettledOutcome {
  const code = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : 'refused';
  return { type: 'refused', value: { code } };
}

export interface NoticeForms {
  readonly real: RemoteEffect;
  /** Its orders do not exist. */
  readonly refusing: RemoteEffect;
  /** Its mailbox is away. */
  readonly failing: RemoteEffect;
}

/** The notice effect is no HTTP call: the path chooses among forms of the same handler. */
export function scriptedNotices({ real, refusing, failing }: NoticeForms, playing: () => Play | null): RemoteEffect {
  return {
    ...real,
    async call(request) {
      const play = playing();
      if (!play?.says(real.effect)) return real.call(request);
      const { index, step } = await play.turn(real.effect, request.signal);
      const { delivery } = step;
      if (delivery.type !== 'outcome') throw new Error('only an outcome answers a call');
      const answer = async (): ReturnType<RemoteEffect['call']> => {
        switch (delivery.outcome) {
          case 'done':
            return real.call(request);
          case 'refused':
            return refusing.call(request);
          case 'failed':
            return failing.call(request);
          case 'unknown':
            if (delivery.tookEffect) await real.call(request);
            return { type: 'unknown', code: 'connection_lost', message: 'the connection was lost' } satisfies Outcome;
        }
      };
      const answered = await answer();
      return play.answered(index) ? vanished() : answered;
    },
  };
}

/** The answer to a caller that is not there any more. */
const vanished = <T>(): Promise<T> => new Promise(() => undefined);
