/** The calls that a path's effects make: each waits for its step's turn, and one of them hangs for longer. */
import type { Stall } from './crashes.ts';

export interface Calls {
  /** From now on calls of this step are answered. */
  release(step: number): void;
  releaseStalled(): void;
  /** Resolves once so many calls of this step have arrived. */
  arrived(step: number, times: number): Promise<void>;
  /** The step that the call belongs to, if it has arrived before. */
  stepOf(call: AbortSignal): number | null;
  /** Resolves when the call is to be answered. */
  turn(step: number, call: AbortSignal): Promise<void>;
}

/** A call is known by its signal, which all of its requests carry. */
export function pathCalls(steps: number, stall: Stall | null): Calls {
  const turns = Array.from({ length: steps }, () => Promise.withResolvers<void>());
  const calls = Array.from({ length: steps }, (): AbortSignal[] => []);
  const unstalled = Promise.withResolvers<void>();
  const arriving = new EventTarget();
  return {
    release: (step) => turns[step]?.resolve(),
    releaseStalled: () => unstalled.resolve(),
    arrived: (step, times) =>
      new Promise((resolve) => {
        const look = (): void => {
          if ((calls[step]?.length ?? 0) >= times) resolve();
        };
        arriving.addEventListener('call', look);
        look();
      }),
    stepOf(call) {
      const step = calls.findIndex((signals) => signals.includes(call));
      return step < 0 ? null : step;
    },
    async turn(step, call) {
      if (!calls[step]?.includes(call)) calls[step]?.push(call);
      arriving.dispatchEvent(new Event('call'));
      const hangs = stall?.step === step && calls[step]?.[0] === call;
      await (hangs ? unstalled : turns[step])?.promise;
    },
  };
}
