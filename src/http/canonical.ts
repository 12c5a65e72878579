/** Brings request parts into the one form that handlers may rely on, as their schemas describe it. */

/**
 * Builds the normalizer of one schema. It lower-cases UUIDs, so that equal ids are equal strings, and nothing else.
 * Values that do not fit the schema are left for validation to refuse.
 */
export function canonicalizer(schema: unknown): Normalize {
  return normalizer(schema, lowerCaseUuid) ?? identity;
}

/**
 * As `canonicalizer`, for a query string, where everything arrives as text: also reads plain decimal numbers, `true` and
 * `false` where the schema wants them, and takes a single value where it wants a list.
 */
export function queryReader(schema: unknown): Normalize {
  return normalizer(schema, readQueryValue) ?? identity;
}

export type Normalize = (value: unknown) => unknown;

type Schema = { readonly [keyword: string]: unknown };
/** Builds the normalizer of a schema without parts; `null`: there is nothing to do. */
type Leaf = (schema: Schema) => Normalize | null;

const identity: Normalize = (value) => value;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function normalizer(schema: unknown, leaf: Leaf): Normalize | null {
  if (!isObject(schema)) return null;
  if (schema['type'] === 'object') return ofObject(schema, leaf);
  if (schema['type'] === 'array') return ofArray(schema, leaf);
  if (Array.isArray(schema['anyOf'])) return ofUnion(schema['anyOf'], leaf);
  return leaf(schema);
}

function ofObject(schema: Schema, leaf: Leaf): Normalize | null {
  if (!isObject(schema['properties'])) return null;
  const fields = Object.entries(schema['properties'])
    .map(([name, part]) => ({ name, normalize: normalizer(part, leaf) }))
    .filter((field): field is { name: string; normalize: Normalize } => field.normalize !== null);
  if (fields.length === 0) return null;
  return (value) => {
    if (!isObject(value)) return value;
    for (const { name, normalize } of fields) if (Object.hasOwn(value, name)) value[name] = normalize(value[name]);
    return value;
  };
}

function ofArray(schema: Schema, leaf: Leaf): Normalize | null {
  const item = normalizer(schema['items'], leaf);
  const wraps = leaf === readQueryValue;
  if (item === null && !wraps) return null;
  return (value) => {
    const list = wraps && typeof value === 'string' ? [value] : value;
    return Array.isArray(list) && item !== null ? list.map(item) : list;
  };
}

/** A nullable schema is read as the schema; which branch of any other union applies is not known before validation. */
function ofUnion(branches: readonly unknown[], leaf: Leaf): Normalize | null {
  const possible = branches.filter((branch) => isObject(branch) && branch['type'] !== 'null');
  return possible.length === 1 ? normalizer(possible[0], leaf) : null;
}

function lowerCaseUuid(schema: Schema): Normalize | null {
  if (schema['format'] !== 'uuid') return null;
  return (value) => (typeof value === 'string' ? value.toLowerCase() : value);
}

function readQueryValue(schema: Schema): Normalize | null {
  switch (schema['type']) {
    case 'integer':
      // No sign tricks, exponents, hex or spaces: what Number() would make of those is nobody's intention.
      return (value) => (typeof value === 'string' && /^-?(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value);
    case 'number':
      return (value) => (typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value);
    case 'boolean':
      return (value) => (value === 'true' ? true : value === 'false' ? false : value);
    default:
      return lowerCaseUuid(schema);
  }
}
