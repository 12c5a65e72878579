/** Reads a machine's config as JSON, where almost everything may be one thing, a list of them, or absent. */
import type { Json } from '../actors/index.ts';

export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return isList(value) ? value : [value];
}

export function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** The entries whose values are objects. */
export function entriesOf(value: Json | undefined): [string, JsonObject][] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
}

/** In a config as JSON, a function is this mark and its name. */
export const functionMark = 'ƒ ';

/** The names of guards, actions or effects, whether each is written as a string, as `{ type }`, or was a function. */
export function namesOf(value: Json | undefined): string[] {
  return listOf(value).map((item) => {
    const name = isObject(item) ? (textOf(item['type']) ?? '') : (textOf(item) ?? '');
    const own = name.startsWith(functionMark) ? name.slice(functionMark.length) : name;
    return own === '' ? 'inline' : own;
  });
}

/** As `namesOf`, with what it is called with: `owes undo=stock`. */
export function callsOf(value: Json | undefined): string[] {
  const names = namesOf(value);
  return listOf(value).map((item, index) => {
    const params = isObject(item) && isObject(item['params']) ? Object.entries(item['params']) : [];
    const shown = params.map(([key, param]) => `${key}=${typeof param === 'string' ? param : JSON.stringify(param)}`);
    return [names[index], ...shown].join(' ');
  });
}
