/** Makes JSON of what a machine holds, and looks into it. */
import type { Json } from './ports.ts';

/** What stands before the name of a function where JSON has only its name. */
export const functionMark = 'ƒ ';

/**
 * A copy that is JSON for certain; functions become their name, so that structures can be hashed. What is JSON already is
 * copied without a detour over text.
 * @throws for a circle, and for a bigint
 */
export function plainJson(value: unknown): Json {
  return copied(value, 0) ?? null;
}

/** Deeper, or in a circle: the text finds out. */
const maxDepth = 100;

/** @returns undefined for what JSON leaves out */
function copied(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // JSON knows neither NaN nor -0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (typeof value !== 'object' || depth > maxDepth || !isPlain(value)) return throughText(value);
  if (Array.isArray(value)) return Array.from(value, (inner: unknown) => copied(inner, depth + 1) ?? null);
  const copy: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    const own = copied(inner, depth + 1);
    if (own !== undefined) copy[key] = own;
  }
  return copy;
}

/** Nothing that says itself how it is written, and no key that would be taken for something else. */
function isPlain(value: object): boolean {
  if ('toJSON' in value || Object.hasOwn(value, '__proto__')) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

function throughText(value: unknown): Json | undefined {
  // Not a string for a function or undefined, whatever its type says.
  const text: string | undefined = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'function' ? functionMark + inner.name : inner,
  );
  return text === undefined ? undefined : (JSON.parse(text) as Json);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
