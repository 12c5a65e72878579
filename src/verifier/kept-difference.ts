/** Says how one step differs from the step that was kept. */
import { delayOf, type Json, jsonDifference } from '../actors/index.ts';
import type { KeptStep } from './kept-step.ts';

/** Told of one step; the first ones mostly explain the others. */
const maxParts = 5;

/** @returns null if they agree; another state alone says enough, since whatever else differs then follows from it */
export function differenceOf(expected: KeptStep, got: KeptStep): string | null {
  if (expected.to !== got.to) return `expected ${expected.to}, got ${got.to}`;
  const [then, now] = [partsOf(expected), partsOf(got)];
  const parts = [...new Set([...then.keys(), ...now.keys()])].flatMap((part) => {
    const [before, after] = [then.get(part), now.get(part)];
    if (before === undefined || after === undefined) return changed(part, before, after);
    return jsonDifference(before, after).map((change) =>
      changed(change.path === '' ? part : `${part} ${change.path}`, change.before, change.after),
    );
  });
  if (parts.length === 0) return null;
  const more = parts.length > maxParts ? `; and ${parts.length - maxParts} more` : '';
  return `${expected.to} as before, but ${parts.slice(0, maxParts).join('; ')}${more}`;
}

function changed(part: string, before: Json | undefined, after: Json | undefined): string {
  return `${part}: expected ${inWords(before)}, got ${inWords(after)}`;
}

/** Everything but the event and the state, each part by the name that people know it by. */
function partsOf(step: KeptStep): ReadonlyMap<string, Json> {
  const { context, gone, armed, timers, cancelled, left, told, accepts, status, output, remembered } = step;
  const each = (what: string, values: Readonly<Record<string, Json>> = {}): [string, Json][] =>
    Object.entries(values).map(([name, value]) => [`${what} ${name}`, value]);
  return new Map<string, Json>([
    ['status', status ?? 'active'],
    ...each('context', context),
    ...(gone ?? []).map((pointer): [string, Json] => [`context ${pointer}`, 'gone']),
    ...each('effect', armed),
    ...(left ?? []).map((invoke): [string, Json] => [`effect ${invoke}`, 'left']),
    ...Object.entries(timers ?? {}).map(([id, after]): [string, Json] => [`timer ${delayOf(id)} in ms`, after]),
    ...(cancelled ?? []).map((id): [string, Json] => [`timer ${delayOf(id)}`, 'cancelled']),
    ...(told ?? []).map((message, index): [string, Json] => [`message ${index + 1}`, message]),
    ['accepted events', (accepts ?? []).join(', ') || 'none'],
    ...(output === undefined ? [] : [['output', output] as [string, Json]]),
    ...(remembered === undefined ? [] : [['remembered states', remembered] as [string, Json]]),
  ]);
}

function inWords(value: Json | undefined): string {
  if (value === undefined) return 'nothing new';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
