/** Makes JSON of what a machine holds, and looks into it. */
import type { Json } from './ports.ts';

/** What stands before the name of a function where JSON has only its name. */
export const functionMark = 'ƒ ';

/** A copy that is JSON for certain; functions become their name, so that structures can be hashed. */
export function plainJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'function' ? functionMark + inner.name : inner,
  );
  return text === undefined ? null : (JSON.parse(text) as Json);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
