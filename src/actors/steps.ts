/** The requests that one commit can carry, one per actor, and what each comes back with. */
import type { ActorEvent, Json, Outcome, PendingEffect } from './ports.ts';

/** A companion by name, with the payload that the runtime passes on and never stores. */
export interface CompanionCall {
  readonly name: string;
  readonly payload: unknown;
}

export type Step =
  | {
      readonly type: 'start';
      readonly actorId: string;
      readonly machine: string;
      readonly input: Json;
      readonly companion: CompanionCall | null;
      readonly traceparent: string | null;
      /** A tag at which the committer hands over; null: it hands over at once. */
      readonly until: string | null;
    }
  | {
      readonly type: 'send';
      readonly actorId: string;
      readonly event: ActorEvent;
      readonly companion: CompanionCall | null;
    }
  | { readonly type: 'advance'; readonly actorId: string; readonly until: string | null }
  | {
      readonly type: 'outcome';
      readonly actorId: string;
      readonly effectId: string;
      readonly token: number;
      readonly outcome: Outcome;
      readonly until: string | null;
    }
  | {
      readonly type: 'notNow';
      readonly actorId: string;
      readonly effectId: string;
      readonly token: number;
      readonly retryAfterMs: number;
      /** The call was never made because the lease was nearly over: nobody said `notNow`. */
      readonly late: boolean;
    }
  | { readonly type: 'park'; readonly actorId: string; readonly reason: string }
  | { readonly type: 'unpark'; readonly actorId: string; readonly companion: CompanionCall | null };

export interface StepResult {
  readonly answer: Answer;
  /** The actor's revision after the commit; 0 if there is no such actor. */
  readonly revision: number;
  readonly next: Next;
}

export type Answer =
  | { readonly type: 'applied' }
  | { readonly type: 'refused'; readonly detail: Json }
  | { readonly type: 'exists'; readonly detail: Json };

/** What is left to do for the actor, as far as this process goes. */
export type Next =
  /** The lease is ours: make the call and come back with its outcome. */
  | { readonly type: 'call'; readonly effect: PendingEffect; readonly traceparent: string | null }
  /** There is more to do right now. */
  | { readonly type: 'again' }
  /** Its version was gone, and this commit took it to one that is registered: the step itself is still to be done. */
  | { readonly type: 'migrated' }
  | { readonly type: 'handedOver' }
  | { readonly type: 'waiting' }
  | { readonly type: 'parked' }
  | { readonly type: 'done' }
  | { readonly type: 'absent' }
  /** Another transaction holds it: it is worth another look in a moment. */
  | { readonly type: 'busy' }
  /** Another visit of this process is about to look at it, whatever is due. */
  | { readonly type: 'joined' }
  /** Its machine or version is not registered here: somebody else's actor. */
  | { readonly type: 'left' };

/** The idempotency key of an effect: the same across attempts, redeliveries and RETRY. */
export const effectKey = (actorId: string, effect: string): string => `${actorId}:${effect}`;
