/** Remote effects that a test answers: by a rule per effect, or by hand, call by call. */
import type { Outcome, RemoteEffect, RemoteRequest } from '../../src/actors/index.ts';
import { eventually } from './wait.ts';

export type CallAnswer = Outcome | { readonly type: 'notNow'; readonly retryAfterMs: number };
type Request = RemoteRequest;
/** `hold`: the test settles the call by hand. A throwing rule is a throwing handler. */
export type Rule = (request: Request) => CallAnswer | 'hold';

export interface HeldCall {
  readonly request: Request;
  settle(answer: CallAnswer): void;
  fail(error: Error): void;
}

export interface ScriptedEffects {
  readonly handlers: readonly RemoteEffect[];
  /** Every call that was made, oldest first. */
  readonly calls: readonly Request[];
  callsOf(effect: string): readonly Request[];
  rule(effect: string, rule: Rule): void;
  /** Waits for the next held call of an effect, and takes it. */
  held(effect: string): Promise<HeldCall>;
  /** Takes all calls that are held now. */
  takeHeld(): readonly HeldCall[];
}

export const done = (value: Record<string, string | number> = {}): Outcome => ({ type: 'done', value });
export const refused = (value: Record<string, string | number> = {}): Outcome => ({ type: 'refused', value });
export const failed: Outcome = { type: 'failed', code: 'unavailable', message: 'answered 503' };

export function scriptedEffects(names: readonly string[]): ScriptedEffects {
  const rules = new Map<string, Rule>();
  const calls: Request[] = [];
  const holding: (HeldCall & { readonly effect: string })[] = [];
  const call = (effect: string, request: Request): Promise<CallAnswer> => {
    calls.push(request);
    const answer = (rules.get(effect) ?? (() => done()))(request);
    if (answer !== 'hold') return Promise.resolve(answer);
    return new Promise((settle, fail) => void holding.push({ effect, request, settle, fail }));
  };
  return {
    calls,
    callsOf: (effect) => calls.filter((request) => request.effect === effect),
    handlers: names.map((effect) => ({ kind: 'remote', effect, call: async (request) => call(effect, request) })),
    takeHeld: () => holding.splice(0),
    rule: (effect, rule) => void rules.set(effect, rule),
    held: (effect) =>
      eventually(
        () => {
          const index = holding.findIndex((held) => held.effect === effect);
          return index < 0 ? undefined : holding.splice(index, 1)[0];
        },
        { what: `a call of ${effect}` },
      ),
  };
}
