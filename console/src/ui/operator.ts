/** Who operates: asked for once, kept in this browser, written into every operation. */
import { useSyncExternalStore } from 'react';

const key = 'waybill.operator';
const listeners = new Set<() => void>();

export function useOperator(): readonly [string, (name: string) => void] {
  const name = useSyncExternalStore(subscribe, () => localStorage.getItem(key) ?? '');
  return [name, setOperator];
}

function setOperator(name: string): void {
  localStorage.setItem(key, name);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
