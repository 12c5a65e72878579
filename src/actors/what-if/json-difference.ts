/** Where two JSON values differ. Pure. */
import type { Json } from '../ports.ts';

export interface JsonChange {
  /** A JSON Pointer (RFC 6901). */
  readonly path: string;
  /** Left out where there was nothing. */
  readonly before?: Json;
  /** Left out where there is nothing any more. */
  readonly after?: Json;
}

/** The smallest parts that differ, in the order of their keys. */
export function jsonDifference(before: Json, after: Json, path = ''): JsonChange[] {
  if (before === after) return [];
  const [old, now] = [membersOf(before), membersOf(after)];
  if (!old || !now || Array.isArray(before) !== Array.isArray(after)) return [{ path, before, after }];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const inner = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const [was, is] = [old.get(key), now.get(key)];
    if (was !== undefined && is !== undefined) return jsonDifference(was, is, inner);
    return [{ path: inner, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

function membersOf(value: Json): ReadonlyMap<string, Json> | null {
  return typeof value === 'object' && value !== null ? new Map<string, Json>(Object.entries(value)) : null;
}
