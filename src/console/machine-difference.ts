/** How two versions of a machine differ, state by state and transition by transition. Pure. */
import type { Static } from '@sinclair/typebox';
import { type ActorMachine, type Json, type JsonChange, jsonDifference } from '../actors/index.ts';
import type { Difference } from './schemas.ts';

type DifferenceBody = Static<typeof Difference>;

/** What both list, by name: how its parts are told as JSON. */
interface Part {
  readonly name: string;
  readonly told: Json;
}

export function machineDifference(from: ActorMachine, to: ActorMachine, hasMigration: boolean): DifferenceBody {
  const transitionOf = new Map([...from.transitions, ...to.transitions].map((one) => [one.id, one]));
  return {
    id: to.id,
    from: from.version,
    to: to.version,
    is_same_structure: from.structureHash === to.structureHash,
    states: differing(statesOf(from), statesOf(to)).map(({ name, ...change }) => ({ path: name, ...change })),
    transitions: differing(transitionsOf(from), transitionsOf(to)).map(({ name, ...change }) => ({
      id: name,
      source: transitionOf.get(name)?.source ?? '',
      event: transitionOf.get(name)?.event ?? '',
      ...change,
    })),
    has_migration: hasMigration,
  };
}

interface PartChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly changes: JsonChange[];
}

function differing(before: readonly Part[], after: readonly Part[]): PartChange[] {
  const old = new Map(before.map(({ name, told }) => [name, told] as const));
  const now = new Map(after.map(({ name, told }) => [name, told] as const));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): PartChange[] => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === undefined) return [{ name, change: 'added', changes: [] }];
    if (is === undefined) return [{ name, change: 'removed', changes: [] }];
    const changes = jsonDifference(was, is);
    return changes.length === 0 ? [] : [{ name, change: 'changed', changes }];
  });
}

/** A state with what is its own; its children are listed themselves. */
function statesOf({ config, states }: ActorMachine): Part[] {
  return states.map(({ path }) => ({ name: path, told: ownPart(nodeAt(config, path)) }));
}

/** Transitions are listed themselves too. */
const toldElsewhere: ReadonlySet<string> = new Set(['states', 'on', 'after', 'always', 'onDone', 'id', 'version']);

function ownPart(node: Json): Json {
  if (!isRecord(node)) return node;
  const own = Object.entries(node).filter(([key]) => !toldElsewhere.has(key));
  return Object.fromEntries(own.map(([key, value]) => [key, key === 'invoke' ? invoked(value) : value]));
}

function invoked(invoke: Json): Json {
  if (!isRecord(invoke)) return invoke;
  return Object.fromEntries(Object.entries(invoke).filter(([key]) => key !== 'onDone' && key !== 'onError'));
}

function nodeAt(config: Json, path: string): Json {
  let node: Json = config;
  for (const key of path === '' ? [] : path.split('.')) node = member(member(node, 'states'), key);
  return node;
}

function transitionsOf({ transitions }: ActorMachine): Part[] {
  return transitions.map(({ id, guard, targets }) => ({ name: id, told: { guard, targets: [...targets] } }));
}

function member(json: Json, key: string): Json {
  return (isRecord(json) ? json[key] : undefined) ?? null;
}

function isRecord(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
