/** Whether this process can serve, as last found out; its changes are what logs and metrics tell. */
import { createStore } from '@xstate/store';

export interface Readiness {
  /** What a round of checks found. @param failing names of checks, none if all is well */
  checked(failing: readonly string[]): void;
  /** Names of the checks that failed in the last round. */
  failing(): readonly string[];
}

/** @param onChange told only of rounds that found something else than the one before; a process begins well */
export function createReadiness(onChange: (failing: readonly string[]) => void): Readiness {
  const store = createStore({
    context: { failing: [] as readonly string[] },
    on: {
      checked: (before, { failing }: { failing: readonly string[] }) =>
        before.failing.join() === failing.join() ? before : { failing },
    },
  });
  const failing = (): readonly string[] => store.getSnapshot().context.failing;
  let seen = failing();
  store.subscribe(({ context }) => {
    if (context.failing === seen) return;
    seen = context.failing;
    onChange(seen);
  });
  return { failing, checked: (found) => store.send({ type: 'checked', failing: found }) };
}
