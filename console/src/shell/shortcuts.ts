/** Keys that do something wherever nothing is being typed. */
import { useEffect, useRef } from 'react';

/** By key, or by two keys after each other (`g o`). */
export type Shortcuts = Readonly<Record<string, () => void>>;

/** The second key of two has to come within this time. */
const chordMs = 1_200;

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    let before = { key: '', at: 0 };
    const press = (event: KeyboardEvent): void => {
      if (isTyping(event)) return;
      const isChord = event.timeStamp - before.at < chordMs;
      const act = (isChord ? latest.current[`${before.key} ${event.key}`] : undefined) ?? latest.current[event.key];
      before = { key: event.key, at: event.timeStamp };
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

function isTyping({ target, ctrlKey, metaKey, altKey, defaultPrevented, key }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || defaultPrevented) return true;
  if (document.querySelector('dialog[open]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  // What a button, a tab or a slider does with a key itself is its own.
  const isOwn = key === ' ' || key.startsWith('Arrow') || key === 'Enter';
  if (isOwn && target.closest('button, a, [role=tab], [role=button], input')) return true;
  return target.matches('textarea, select, input:not([type=range]):not([type=checkbox])');
}
