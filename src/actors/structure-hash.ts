/** Tells whether two machines have the same structure, however their source is laid out. */
import { createHash } from 'node:crypto';
import type { Json } from './ports.ts';

/** SHA-256, shortened, of a machine's config as JSON: functions by their names, descriptions left out. */
export function structureHash(config: Json): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(config)))
    .digest('hex')
    .slice(0, 16);
}

/** Key order is the author's taste, except among states: they are entered, and so ask for effects, in that order. */
function canonical(config: Json, ofStates = false): Json {
  if (isList(config)) return config.map((inner) => canonical(inner));
  if (typeof config !== 'object' || config === null) return config;
  const keys = Object.keys(config).filter((key) => ofStates || key !== 'description');
  const ordered = ofStates ? keys : keys.sort();
  // Pairs, since an object of JSON would forget the order of keys that look like numbers.
  return ordered.map((key) => [key, canonical(config[key] ?? null, !ofStates && key === 'states')]);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
