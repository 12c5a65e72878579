/** A machine's config as data to draw: its states as a tree, and every transition with both ends resolved. */
import type { Json } from '../actors/index.ts';
import { entriesOf, isObject, type JsonObject, listOf, textOf, namesOf } from './config.ts';
import { resolver } from './targets.ts';
import { type ChartTransition, transitionsOf } from './transitions.ts';

export interface Chart {
  readonly id: string;
  readonly version: string | null;
  readonly description: string | null;
  /** The machine itself; its path is empty. */
  readonly root: ChartState;
  /** In document order. */
  readonly transitions: readonly ChartTransition[];
}

export interface ChartState {
  /** Keys below the machine, joined by dots; a dot inside a key is written `\.`, as XState's own targets do. Unique. */
  readonly path: string;
  readonly name: string;
  /** `end`: a final state that is drawn as a mark without a name. */
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history' | 'end';
  /** Path of the child that is entered first, for compound states. */
  readonly initial: string | null;
  /** `history` states: whether all levels are remembered. */
  readonly deep: boolean;
  /** Names of the effects it asks for. */
  readonly effects: readonly string[];
  /** One of its effects is declared (`meta.undo`, anywhere in the machine) to undo another. */
  readonly undoes: boolean;
  /** Waits for a person. */
  readonly parked: boolean;
  /** Past it nothing is undone. */
  readonly pivot: boolean;
  /** What the outside sees, by `meta.status`. */
  readonly status: string | null;
  readonly children: readonly ChartState[];
}

/**
 * Reads a config as `ActorMachine.config` has it: JSON, functions by their names. Resolves targets as XState 5 does.
 * @throws if it is no machine's config: without an id, or with a target that does not exist
 */
export function chartOf(config: Json): Chart {
  if (!isObject(config)) throw new TypeError('not a machine config');
  const id = textOf(config['id']) ?? '(machine)';
  const undos = new Set(undosIn(config));
  const resolve = resolver(config);
  return {
    id,
    version: textOf(config['version']),
    description: textOf(config['description']),
    root: stateOf(config, [], id, undos),
    transitions: transitionsIn(config, [], resolve),
  };
}

/** A state and all states inside, in document order. */
export function statesIn(state: ChartState): ChartState[] {
  return [state, ...state.children.flatMap(statesIn)];
}

/** The path of a state from its keys. */
export const pathOfKeys = (keys: readonly string[]): string =>
  keys.map((key) => key.replaceAll(/[\\.]/g, String.raw`\$&`)).join('.');

function stateOf(config: JsonObject, keys: readonly string[], name: string, undos: ReadonlySet<string>): ChartState {
  const meta = isObject(config['meta']) ? config['meta'] : {};
  const effects = listOf(config['invoke']).flatMap((invoke) => (isObject(invoke) ? namesOf(invoke['src']) : []));
  const children = entriesOf(config['states']).map(([key, child]) => stateOf(child, [...keys, key], key, undos));
  const initial = config['initial'];
  const first = textOf(isObject(initial) ? initial['target'] : initial);
  return {
    path: pathOfKeys(keys),
    name,
    type: typeOf(config, children),
    initial: first === null ? null : pathOfKeys([...keys, first]),
    deep: config['history'] === 'deep',
    effects,
    undoes: effects.some((effect) => undos.has(effect)),
    parked: listOf(config['tags']).includes('parked'),
    pivot: meta['pivot'] === true,
    status: textOf(meta['status']),
    children,
  };
}

function typeOf(config: JsonObject, children: readonly ChartState[]): ChartState['type'] {
  const declared = config['type'];
  if (declared === 'parallel' || declared === 'final' || declared === 'history') return declared;
  if (children.length > 0) return 'compound';
  return textOf(config['history']) === null && config['history'] !== true ? 'atomic' : 'history';
}

function transitionsIn(
  config: JsonObject,
  keys: readonly string[],
  resolve: ReturnType<typeof resolver>,
): ChartTransition[] {
  return [
    ...transitionsOf(config, pathOfKeys(keys), (target) => pathOfKeys(resolve(keys, target))),
    ...entriesOf(config['states']).flatMap(([key, child]) => transitionsIn(child, [...keys, key], resolve)),
  ];
}

function undosIn(config: JsonObject): string[] {
  const meta = isObject(config['meta']) ? config['meta'] : {};
  return [...namesOf(meta['undo']), ...entriesOf(config['states']).flatMap(([, child]) => undosIn(child))];
}
