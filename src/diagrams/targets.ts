/** Finds the state that a transition's target names. Source: `resolveTarget` and `getStateNodeById` of xstate 5.33. */
import { entriesOf, type JsonObject, textOf } from './config.ts';

type Keys = readonly string[];

/**
 * @param machine the config of the whole machine
 * @returns resolves a target (`#id`, `#id.child`, `.child`, `sibling.child`) as written on the state with these keys
 * @throws if there is no such state
 */
export function resolver(machine: JsonObject): (source: Keys, target: string) => Keys {
  const ids = idsOf(machine, []);
  ids.set(textOf(machine['id']) ?? '(machine)', []);
  return (source, target) => {
    const keys = absolute(ids, source, target);
    if (keys === null || !exists(machine, keys))
      throw new TypeError(`${source.join('.')}: no state is named ${target}`);
    return keys;
  };
}

function absolute(ids: ReadonlyMap<string, Keys>, source: Keys, target: string): Keys | null {
  if (target.startsWith('#')) {
    const [id = '', ...below] = segmentsOf(target.slice(1));
    const from = ids.get(id);
    return from ? [...from, ...below] : null;
  }
  if (target.startsWith('.')) return [...source, ...segmentsOf(target.slice(1))];
  return [...source.slice(0, -1), ...segmentsOf(target)];
}

/** Only states with an `id` of their own, and the machine, can be named by `#`. */
function idsOf(config: JsonObject, keys: Keys): Map<string, Keys> {
  const id = textOf(config['id']);
  return new Map([
    ...(id === null ? [] : [[id, keys] as const]),
    ...entriesOf(config['states']).flatMap(([key, child]) => [...idsOf(child, [...keys, key])]),
  ]);
}

/** `a.b\.c` → `a`, `b.c`. */
function segmentsOf(text: string): string[] {
  const segments = text.match(/(?:\\.|[^.\\])+/gs) ?? [];
  return segments.map((segment) => segment.replaceAll(/\\(.)/gs, '$1'));
}

function exists(config: JsonObject, [key, ...below]: Keys): boolean {
  if (key === undefined) return true;
  const child = entriesOf(config['states']).find(([name]) => name === key)?.[1];
  return child !== undefined && exists(child, below);
}
