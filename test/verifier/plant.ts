/**
 * Plants a fault: takes a machine's chart apart, lets a function break one place of the copy, and builds a machine from
 * it. Whatever names a place that is not there throws, and so does a fault that changes nothing: a fault never becomes
 * harmless behind its test's back.
 */
import { type AnyStateMachine, createMachine } from 'xstate';

/** A state of the copy. Whatever may be one or many in a config is a list here. */
export interface State {
  /** `type`, `initial` and whatever else a fault does not touch. */
  readonly rest: Readonly<Record<string, unknown>>;
  initial: string | null;
  isFinal: boolean;
  invoke: Invoke | null;
  entry: Named[];
  tags: string[];
  readonly meta: Record<string, unknown>;
  readonly on: Record<string, Branch[]>;
  readonly after: Record<string, Branch[]>;
  always: Branch[];
  onDone: Branch[];
  /** In document order. */
  readonly states: Record<string, State>;
}

/** An action or a guard by its name, with params or without. */
export type Named = string | { readonly type: string; readonly params?: object };

/** One way out; the first whose guard holds is taken. */
export interface Branch {
  guard?: Named;
  target?: string;
  reenter?: boolean;
  actions: Named[];
}

export interface Invoke {
  readonly id: string;
  readonly src: string;
  /** As the config has it: a value, or a function of the context. */
  readonly input: unknown;
  onDone: Branch[];
  onError: Branch[];
}

/** A whole copy. Adding to `guards`, `actions` or `delays` adds an implementation; replacing one replaces it. */
export interface Chart {
  readonly root: State;
  readonly guards: Record<string, Implementations['guards'][string]>;
  readonly actions: Record<string, Implementations['actions'][string]>;
  readonly delays: Record<string, Implementations['delays'][string]>;
}

type Implementations = AnyStateMachine['implementations'];

/** Edits the copy in place. */
export type Plant = (chart: Chart) => void;

/** @throws if the fault changes nothing, or names a place that the machine lacks */
export function plant(machine: AnyStateMachine, fault: Plant): AnyStateMachine {
  const chart = chartOf(machine);
  const numbers = new Map<unknown, number>();
  const before = fingerprint(chart, numbers);
  fault(chart);
  if (fingerprint(chart, numbers) === before) throw new Error('the fault changes nothing');
  return rebuilt(chart, machine);
}

/** The machine taken apart and put together again, with nothing changed. */
export function copyOf(machine: AnyStateMachine): AnyStateMachine {
  return rebuilt(chartOf(machine), machine);
}

/** @param path `a.b` */
export function at({ root }: Chart, path: string): State {
  return path.split('.').reduce((state, name) => there(state.states[name], `the state ${path}`), root);
}

/** The effect that the state asks for. */
export function effectAt(chart: Chart, path: string): Invoke {
  return there(at(chart, path).invoke, `an effect in ${path}`);
}

/** The branches of the event or delay in `on` or `after`. */
export function branchesOf(all: Readonly<Record<string, readonly Branch[]>>, key: string): readonly Branch[] {
  return there(all[key], `branches of ${key}`);
}

/** The first branch with this guard; `null`: the first without any. */
export function branch(branches: readonly Branch[], guard: string | null): Branch {
  const found = branches.find((it) => (guard === null ? it.guard === undefined : nameOf(it.guard) === guard));
  return there(found, `a branch with guard ${String(guard)}`);
}

export function remove(from: Record<string, unknown>, key: string): void {
  there(from[key], key);
  // oxlint-disable-next-line typescript/no-dynamic-delete -- a chart's keys are data
  delete from[key];
}

/** The actions without those of this name. */
export function without(actions: readonly Named[], name: string): Named[] {
  there(
    actions.find((it) => nameOf(it) === name),
    `the action ${name}`,
  );
  return actions.filter((it) => nameOf(it) !== name);
}

/** A new state, by default one that nothing leaves. */
export function newState(parts: Partial<State> = {}): State {
  return {
    rest: {},
    initial: null,
    isFinal: false,
    invoke: null,
    entry: [],
    tags: [],
    meta: {},
    on: {},
    after: {},
    always: [],
    onDone: [],
    states: {},
    ...parts,
  };
}

export const to = (target: string, ...actions: Named[]): Branch => ({ target, actions });

function there<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`there is not: ${what}`);
  return value;
}

const nameOf = (named: Named | undefined): string | undefined => (typeof named === 'object' ? named.type : named);

/** @param numbers what each function is called; the same map for charts that are compared */
function fingerprint(chart: Chart, numbers: Map<unknown, number>): string {
  return JSON.stringify(chart, (_key, value: unknown) => {
    if (typeof value !== 'function') return value;
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    return `ƒ${numbers.get(value)}`;
  });
}

// ── Taken apart ──────────────────────────────────────────────────────────────────────────────────────────────────────

function chartOf(machine: AnyStateMachine): Chart {
  const { guards, actions, delays } = machine.implementations;
  return { root: stateOf(machine.config), guards: { ...guards }, actions: { ...actions }, delays: { ...delays } };
}

function stateOf(config: unknown): State {
  const { initial, type, invoke, entry, tags, meta, on, after, always, onDone, states, ...rest } = record(config);
  return {
    rest: type === undefined || type === 'final' ? rest : { ...rest, type },
    initial: typeof initial === 'string' ? initial : null,
    isFinal: type === 'final',
    invoke: invoke === undefined ? null : invokeOf(record(invoke)),
    entry: list(entry).map(named),
    tags: list(tags).map(String),
    meta: { ...record(meta) },
    on: mapped(on, branchesFrom),
    after: mapped(after, branchesFrom),
    always: branchesFrom(always),
    onDone: branchesFrom(onDone),
    states: mapped(states, stateOf),
  };
}

function invokeOf({ id, src, input, onDone, onError }: Record<string, unknown>): Invoke {
  if (typeof id !== 'string' || typeof src !== 'string') throw new Error('an effect has an id and a name');
  return { id, src, input, onDone: branchesFrom(onDone), onError: branchesFrom(onError) };
}

function branchesFrom(config: unknown): Branch[] {
  return list(config).map((it) => {
    if (typeof it === 'string') return to(it);
    const { guard, target, reenter, actions } = record(it);
    return {
      ...(guard === undefined ? {} : { guard: named(guard) }),
      ...(typeof target === 'string' ? { target } : {}),
      ...(reenter === true ? { reenter } : {}),
      actions: list(actions).map(named),
    };
  });
}

function named(value: unknown): Named {
  if (typeof value === 'string') return value;
  const { type, params } = record(value);
  if (typeof type !== 'string') throw new Error('guards and actions go by their names');
  return params === undefined ? type : { type, params: record(params) };
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function mapped<T>(value: unknown, each: (inner: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, inner]) => [key, each(inner)]));
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

// ── Put together ─────────────────────────────────────────────────────────────────────────────────────────────────────

function rebuilt({ root, guards, actions, delays }: Chart, { implementations }: AnyStateMachine): AnyStateMachine {
  const copy: AnyStateMachine = createMachine(configOf(root));
  return copy.provide({ ...implementations, guards, actions, delays });
}

function configOf({ rest, initial, isFinal, invoke, ...lists }: State): object {
  return {
    ...rest,
    ...(initial === null ? {} : { initial }),
    ...(isFinal ? { type: 'final' } : {}),
    ...(invoke === null ? {} : { invoke }),
    // An empty list says nothing; `states: {}` would even be read as something.
    ...Object.fromEntries(Object.entries(lists).filter(([, inner]) => Object.keys(inner).length > 0)),
    ...(Object.keys(lists.states).length === 0
      ? {}
      : { states: Object.fromEntries(Object.entries(lists.states).map(([name, inner]) => [name, configOf(inner)])) }),
  };
}
