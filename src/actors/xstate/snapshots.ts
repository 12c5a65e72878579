/** From XState's snapshots to those that are stored, and back. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, StateValue } from 'xstate';
import { plainJson } from '../plain-json.ts';
import type { PersistedSnapshot } from '../ports.ts';

/** The stored snapshot does not fit the machine (a state or effect is gone, a value differs): park, never guess. */
export class RehydrationError extends Error {
  override readonly name = 'RehydrationError';
}

/** @throws RehydrationError */
export function rehydrate(machine: AnyStateMachine, stored: PersistedSnapshot): AnyMachineSnapshot {
  const historyValue: Record<string, AnyStateNode[]> = {};
  let state: AnyMachineSnapshot;
  try {
    for (const [id, nodes] of Object.entries(stored.historyValue ?? {}))
      historyValue[id] = nodes.map((node) => machine.getStateNodeById(node));
    state = machine.resolveState({
      value: stored.value as StateValue,
      context: stored.context,
      status: stored.status,
      historyValue,
      ...('output' in stored ? { output: stored.output } : {}),
      ...('error' in stored ? { error: stored.error } : {}),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RehydrationError(`the snapshot does not fit: ${reason}`, { cause: error });
  }
  if (stored.status === 'error' || state.status !== stored.status || !isDeepStrictEqual(state.value, stored.value))
    throw new RehydrationError(`stored as ${JSON.stringify(stored.value)}, restored as ${JSON.stringify(state.value)}`);
  return state;
}

export function toPersisted(state: AnyMachineSnapshot): PersistedSnapshot {
  const history = Object.entries(state.historyValue as Record<string, AnyStateNode[]>);
  return {
    status: state.status === 'done' ? 'done' : 'active',
    value: plainJson(state.value),
    context: plainJson(state.context),
    ...(history.length > 0
      ? { historyValue: Object.fromEntries(history.map(([id, on]) => [id, on.map((n) => n.id)])) }
      : {}),
    ...(state.output === undefined ? {} : { output: plainJson(state.output) }),
  };
}
