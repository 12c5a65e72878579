/**
 * Circuit breakers: a participant that fails again and again is left alone for a while, so that its effects wait instead
 * of burning their attempts. One per participant and process; what it knows is this process's own experience.
 * Source: Nygard, Release It! (2007), §5.2; state kept in @xstate/store.
 */
import { createStore } from '@xstate/store';
import type { RemoteEffect } from '../actors/ports.ts';

export type BreakerState = 'closed' | 'open' | 'halfOpen';

export interface BreakerOptions {
  /** The participant, e.g. `payments`. */
  readonly name: string;
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1): those who were put off do not come back all at once. */
  readonly random: () => number;
  readonly onChange: (change: {
    readonly name: string;
    readonly from: BreakerState;
    readonly to: BreakerState;
  }) => void;
}

export interface Breaker {
  readonly name: string;
  state(): BreakerState;
  /** Whether a call may be made now. Who may must `settle` it. */
  ask(): { readonly type: 'call' } | { readonly type: 'notNow'; readonly retryAfterMs: number };
  /** @param answered whether the participant gave a definite answer, a refusal included */
  settle(answered: boolean): void;
}

/** The calls that count: the last of them, while they are fresh. */
const windowCalls = 20;
const windowMs = 30_000;
/** Fewer prove nothing: one order whose calls fail is that order's matter. */
const minCalls = 10;
const maxFailedShare = 0.5;
/** How long it stays open at first; twice as long after each probe that fails. */
const firstOpenMs = 2_000;
const maxOpenMs = 10_000;
/** While somebody else probes. */
const probeWaitMs = 500;
/** A probe that has not come back by then is lost; longer than any call may take. */
const maxProbeMs = 15_000;

interface Circuit {
  readonly state: BreakerState;
  readonly calls: readonly { readonly atMs: number; readonly answered: boolean }[];
  readonly openedAtMs: number;
  readonly openForMs: number;
  readonly probeAtMs: number | null;
}

const closed: Circuit = { state: 'closed', calls: [], openedAtMs: 0, openForMs: firstOpenMs, probeAtMs: null };

export function createBreaker({ name, monotonicMs, random, onChange }: BreakerOptions): Breaker {
  const store = createStore({
    context: closed,
    on: {
      settled: (circuit, { atMs, answered }: { atMs: number; answered: boolean }) => settled(circuit, atMs, answered),
      probed: (circuit, { atMs }: { atMs: number }): Circuit => ({ ...circuit, state: 'halfOpen', probeAtMs: atMs }),
    },
  });
  const current = (): Circuit => store.getSnapshot().context;
  let seen: BreakerState = 'closed';
  store.subscribe(({ context: { state } }) => {
    if (state === seen) return;
    const from = seen;
    seen = state;
    onChange({ name, from, to: state });
  });
  return {
    name,
    state: () => current().state,
    ask() {
      const circuit = current();
      if (circuit.state === 'closed') return { type: 'call' };
      const atMs = monotonicMs();
      const leftMs = waitMs(circuit, atMs);
      if (leftMs > 0) return { type: 'notNow', retryAfterMs: Math.ceil(leftMs * (1 + random() / 2)) };
      store.send({ type: 'probed', atMs });
      return { type: 'call' };
    },
    settle: (answered) => store.send({ type: 'settled', atMs: monotonicMs(), answered }),
  };
}

/** Until a call may be tried; 0: now. */
function waitMs({ state, openedAtMs, openForMs, probeAtMs }: Circuit, nowMs: number): number {
  if (state === 'open') return Math.max(0, openedAtMs + openForMs - nowMs);
  return probeAtMs !== null && nowMs - probeAtMs < maxProbeMs ? probeWaitMs : 0;
}

function settled(circuit: Circuit, atMs: number, answered: boolean): Circuit {
  switch (circuit.state) {
    case 'closed': {
      const calls = [...circuit.calls.filter((call) => atMs - call.atMs < windowMs), { atMs, answered }].slice(
        -windowCalls,
      );
      const failed = calls.filter((call) => !call.answered).length;
      const opens = calls.length >= minCalls && failed / calls.length >= maxFailedShare;
      return opens ? { ...closed, state: 'open', openedAtMs: atMs } : { ...circuit, calls };
    }
    case 'halfOpen':
      if (answered) return closed;
      return {
        ...circuit,
        state: 'open',
        openedAtMs: atMs,
        openForMs: Math.min(maxOpenMs, circuit.openForMs * 2),
        probeAtMs: null,
      };
    case 'open':
      // One that was on its way before it opened.
      return circuit;
  }
}

/** Remote effects of one participant behind its breaker. `done` and `refused` are answers; `failed` and `unknown` are none. */
export function guarded(effects: readonly RemoteEffect[], breaker: Breaker): RemoteEffect[] {
  return effects.map((effect) => ({
    ...effect,
    async call(request) {
      const verdict = breaker.ask();
      if (verdict.type === 'notNow') return verdict;
      let answered = false;
      try {
        const answer = await effect.call(request);
        answered = answer.type === 'done' || answer.type === 'refused';
        return answer;
      } finally {
        breaker.settle(answered);
      }
    },
  }));
}
