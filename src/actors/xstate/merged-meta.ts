/** What the active states declare in their `meta`, as one record. */
import type { AnyStateNode } from 'xstate';
import { isRecord, plainJson } from '../plain-json.ts';
import type { Json } from '../ports.ts';

/** Deeper states win; of two as deep, the later in the document. */
export function mergedMeta(nodes: readonly AnyStateNode[]): { readonly [key: string]: Json } {
  const byDepth = [...nodes].sort((a, b) => a.path.length - b.path.length || a.order - b.order);
  return Object.assign({}, ...byDepth.map(ownMeta)) as { readonly [key: string]: Json };
}

/** A chart does not change: copied once, not at every step. */
const ownMetas = new WeakMap<AnyStateNode, { readonly [key: string]: Json }>();

function ownMeta(node: AnyStateNode): { readonly [key: string]: Json } {
  const known = ownMetas.get(node);
  if (known) return known;
  const meta: unknown = node.meta;
  const own = isRecord(meta)
    ? Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, plainJson(value)]))
    : {};
  ownMetas.set(node, own);
  return own;
}
