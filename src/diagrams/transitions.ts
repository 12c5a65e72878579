/** The transitions that one state's config declares. */
import type { Json } from '../actors/index.ts';
import { callsOf, isObject, type JsonObject, listOf, namesOf, textOf } from './config.ts';

/** What a transition waits for. */
export type Trigger =
  | { readonly type: 'event'; readonly name: string }
  | { readonly type: 'outcome'; readonly invoke: string; readonly outcome: Outcomes; readonly alone: boolean }
  | { readonly type: 'delay'; readonly name: string }
  | { readonly type: 'always' }
  /** The state's own final state was reached. */
  | { readonly type: 'completion' }
  /** A history state that remembers nothing yet. */
  | { readonly type: 'default' };

/** Which outcomes of an effect a transition takes, as far as the chart tells. */
export type Outcomes = 'done' | 'refused' | 'done or refused' | 'failed or unknown' | 'snapshot';

export interface ChartTransition {
  /** Path of the state that declares it. */
  readonly source: string;
  /** Paths; empty: the state stays as it is, and only the actions happen. */
  readonly targets: readonly string[];
  readonly trigger: Trigger;
  /** The guard's name and parameters; null where none is left to tell (`done`, which the outcome says). */
  readonly guard: string | null;
  /** Guards of the branches before it that would have taken the same trigger. */
  readonly unless: readonly string[];
  readonly actions: readonly string[];
}

type Resolve = (target: string) => string;

/**
 * In the order in which the state declares them.
 * @param resolve from a target as written to a path
 */
export function transitionsOf(config: JsonObject, source: string, resolve: Resolve): ChartTransition[] {
  const branches = (value: Json | undefined, trigger: Trigger): ChartTransition[] =>
    branchesOf(value, trigger).map((branch) => ({
      source,
      targets: listOf(branch.config['target']).flatMap((target) =>
        typeof target === 'string' ? [resolve(target)] : [],
      ),
      trigger: branch.trigger,
      guard: branch.guard,
      unless: branch.unless,
      actions: callsOf(branch.config['actions']),
    }));
  const invokes = listOf(config['invoke']).filter(isObject);
  if (config['type'] === 'history') return branches(historyDefault(config['target']), { type: 'default' });
  return [
    ...branches(config['always'], { type: 'always' }),
    ...fieldsOf(config['on']).flatMap(([name, value]) => branches(value, { type: 'event', name })),
    ...invokes.flatMap((invoke) => {
      const name = textOf(invoke['id']) ?? namesOf(invoke['src'])[0] ?? '';
      const outcome = (of: Outcomes): Trigger => ({
        type: 'outcome',
        invoke: name,
        outcome: of,
        alone: invokes.length === 1,
      });
      return [
        ...branches(invoke['onDone'], outcome('done or refused')),
        ...branches(invoke['onError'], outcome('failed or unknown')),
        ...branches(invoke['onSnapshot'], outcome('snapshot')),
      ];
    }),
    ...fieldsOf(config['after']).flatMap(([name, value]) => branches(value, { type: 'delay', name })),
    ...branches(config['onDone'], { type: 'completion' }),
  ];
}

const historyDefault = (target: Json | undefined): Json => (target === undefined ? [] : { target });

const fieldsOf = (value: Json | undefined): [string, Json][] => (isObject(value) ? Object.entries(value) : []);

interface Branch {
  readonly config: JsonObject;
  readonly trigger: Trigger;
  readonly guard: string | null;
  readonly unless: readonly string[];
}

/** `a`, `{ target: 'a' }`, or a list of them, of which the first that its guard lets through is taken. */
function branchesOf(value: Json | undefined, trigger: Trigger): Branch[] {
  const settles = trigger.type === 'outcome' && trigger.outcome === 'done or refused';
  const branches: Branch[] = [];
  for (const item of listOf(value)) {
    const config = isObject(item) ? item : { target: item };
    const guard = callsOf(config['guard'])[0] ?? null;
    const outcome = settles ? settledBy(guard, branches) : null;
    const saysNothingMore = guard === outcome;
    branches.push({
      config,
      trigger: outcome !== null && trigger.type === 'outcome' ? { ...trigger, outcome } : trigger,
      guard: saysNothingMore ? null : guard,
      unless: branches.flatMap((before) => (competes(before, outcome) ? [before.guard ?? ''] : [])),
    });
  }
  return branches;
}

/**
 * A settled effect is done or refused. Guards tell them apart, and by convention say so first in their names: `done`,
 * `doneAndWanted`, `refused`. What a branch guarded by `done` alone leaves over is refused.
 */
function settledBy(guard: string | null, before: readonly Branch[]): Outcomes {
  const named = /^(done|refused)(?![a-z])/.exec(guard ?? '')?.[1];
  if (named === 'done' || named === 'refused') return named;
  const taken = before.filter((branch) => branch.guard === null).map(outcomeOf);
  if (taken.includes('done')) return 'refused';
  return taken.includes('refused') ? 'done' : 'done or refused';
}

const outcomeOf = ({ trigger }: Branch): Outcomes | null => (trigger.type === 'outcome' ? trigger.outcome : null);

/** Whether an earlier branch takes some of the same. */
function competes(before: Branch, outcome: Outcomes | null): boolean {
  if (before.guard === null) return false;
  const taken = outcomeOf(before);
  return outcome === null || taken === outcome || taken === 'done or refused' || outcome === 'done or refused';
}
