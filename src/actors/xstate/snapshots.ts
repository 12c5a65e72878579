/** From XState's snapshots to those that are stored, and back. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, StateValue } from 'xstate';
import { plainJson } from '../plain-json.ts';
import type { Json, PersistedSnapshot } from '../ports.ts';

/** The stored snapshot does not fit the machine (a state or effect is gone, a value differs): park, never guess. */
export class RehydrationError extends Error {
  override readonly name = 'RehydrationError';
}

/** A chart with more state values, by its parallel states, begins to forget. */
const maxKept = 1_000;

/**
 * What restores the stored snapshots of one machine. All actors with one state value share what XState works out of it.
 * @throws (the returned function) RehydrationError
 */
export function restorer(machine: AnyStateMachine): (stored: PersistedSnapshot) => AnyMachineSnapshot {
  const kept = new Map<string, AnyMachineSnapshot>();
  const placed = (value: Json): AnyMachineSnapshot => {
    const key = JSON.stringify(value);
    const known = kept.get(key);
    if (known) return known;
    if (kept.size >= maxKept) kept.clear();
    const found = resolve(machine, value);
    kept.set(key, found);
    return found;
  };
  return (stored) => {
    const state = fitting(() => placed(stored.value));
    const fits = stored.status === 'done' || (stored.status === 'active' && state.status === 'active');
    if (!fits) throw new RehydrationError(`stored as ${stored.status}, where its states make it ${state.status}`);
    return {
      ...state,
      status: stored.status,
      context: stored.context ?? {},
      output: stored.output,
      children: {},
      historyValue: historyOf(machine, stored),
    } as AnyMachineSnapshot;
  };
}

function resolve(machine: AnyStateMachine, value: Json): AnyMachineSnapshot {
  const state = machine.resolveState({ value: value as StateValue, context: {} });
  if (isDeepStrictEqual(state.value, value)) return state;
  throw new RehydrationError(`stored as ${JSON.stringify(value)}, restored as ${JSON.stringify(state.value)}`);
}

function historyOf(machine: AnyStateMachine, { historyValue }: PersistedSnapshot): Record<string, AnyStateNode[]> {
  if (!historyValue) return {};
  const remembered = Object.entries(historyValue);
  return fitting(() =>
    Object.fromEntries(remembered.map(([id, nodes]) => [id, nodes.map((node) => machine.getStateNodeById(node))])),
  );
}

function fitting<T>(restore: () => T): T {
  try {
    return restore();
  } catch (error) {
    if (error instanceof RehydrationError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RehydrationError(`the snapshot does not fit: ${reason}`, { cause: error });
  }
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
