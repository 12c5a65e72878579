/** A machine as Stately's editor and tools import it: one `createMachine` call, nothing in it but data. */
import type { Json } from '../actors/index.ts';
import { functionMark, isObject, type JsonObject, textOf } from './config.ts';

/**
 * Source that is JavaScript and TypeScript alike; running it, with xstate at hand, builds the machine. Guards, actions,
 * delays and effects are names; what only a function could give (the context, the inputs of effects) is left out.
 * @param config as `ActorMachine.config` has it
 */
export function statelySource(config: Json): string {
  const definition = statelyConfig(config);
  const name = [textOf(definition['id']), textOf(definition['version'])].filter((part) => part !== null).join(' ');
  return [
    `// The machine ${name.replaceAll(/\s+/g, ' ')}, for Stately's editor: guards, actions, delays and effects by name.`,
    "import { createMachine } from 'xstate';",
    '',
    `export const machine = createMachine(${literal(definition, '')});`,
    '',
  ].join('\n');
}

/** The same as JSON, which Stately's editor imports too. */
export function statelyJson(config: Json): string {
  return `${JSON.stringify(statelyConfig(config), null, 2)}\n`;
}

/** The same as a value: the config without what is a function; those that can be named go by their names. */
export function statelyConfig(config: Json): JsonObject {
  if (!isObject(config)) throw new TypeError('not a machine config');
  return withNames(config);
}

function withNames(config: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]): [string, Json][] => {
      const named = byName(value);
      return isMark(value) && values.has(key) ? [] : [[key, named]];
    }),
  );
}

/** Where a function computes a value instead of being one. */
const values: ReadonlySet<string> = new Set(['context', 'input', 'output', 'params']);

function byName(value: Json): Json {
  if (isMark(value)) return value.slice(functionMark.length) || 'inline';
  if (isObject(value)) return withNames(value);
  return Array.isArray(value) ? (value as readonly Json[]).map(byName) : value;
}

const isMark = (value: Json): value is string => typeof value === 'string' && value.startsWith(functionMark);

function literal(value: Json, indent: string): string {
  const inner = `${indent}  `;
  if (isObject(value)) {
    const fields = Object.entries(value).map(
      ([key, field]) => `${inner}${keyLiteral(key)}: ${literal(field, inner)},\n`,
    );
    return fields.length === 0 ? '{}' : `{\n${fields.join('')}${indent}}`;
  }
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => `${inner}${literal(item, inner)},\n`);
    return items.length === 0 ? '[]' : `[\n${items.join('')}${indent}]`;
  }
  return typeof value === 'string' ? stringLiteral(value) : JSON.stringify(value);
}

/** `__proto__` in quotes, or without, would set the object's prototype. */
function keyLiteral(key: string): string {
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : stringLiteral(key);
}

const stringLiteral = (value: string): string =>
  `'${JSON.stringify(value)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`;
