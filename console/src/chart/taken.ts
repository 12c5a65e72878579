/** Which declared transitions of a chart a stored history has taken. Pure. */
import { delayOf, isAfterTimer, outcomeOfKey } from '../../../src/actors/xstate/keys.ts';
import { activeStates } from '../../../src/diagrams/active.ts';
import type { Chart } from '../../../src/diagrams/chart.ts';
import type { ChartTransition } from '../../../src/diagrams/transitions.ts';
import { enteredLeaf, stateAt } from './graph.ts';
import { ancestorsOf, parentOf } from './reach.ts';

/** One stored transition, as far as the chart is concerned. */
export interface Move {
  /** The type of its event as the log has it. */
  readonly event: string;
  /** Of an effect's outcome: done, refused, failed, unknown. */
  readonly outcome: string | null;
  readonly from: string | null;
  readonly to: string;
}

/** How often each transition was taken, by its index in `Chart.transitions`. */
export function takenIn(chart: Chart, moves: readonly Move[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const move of moves)
    for (const index of transitionsOf(chart, move)) counts.set(index, (counts.get(index) ?? 0) + 1);
  return counts;
}

/** The states that were active at some time, with the states around them. */
export function visitedIn(chart: Chart, moves: readonly Move[]): ReadonlySet<string> {
  return new Set(moves.flatMap(({ to }) => activeStates(chart, to) ?? []));
}

/**
 * The transition that the event took and those that followed by themselves, as the shortest way that ends where the log
 * says. Empty where the actor stayed, or where the chart has no such way (it was of another version).
 */
export function transitionsOf(chart: Chart, { event, outcome, from, to }: Move): readonly number[] {
  if (from === null) return [];
  const goal = leafOf(chart, to);
  const start = leafOf(chart, from);
  if (goal === null || start === null) return [];
  let ways = starting(chart, start, ({ trigger }) => isBrought(trigger, event, outcome));
  for (let steps = 0; steps < maxFollowing && ways.length > 0; steps += 1) {
    const arrived = ways.find(({ at }) => at === goal);
    if (arrived) return arrived.taken;
    ways = ways.flatMap(({ at, taken }) =>
      starting(chart, at, (transition) => followsAlone(chart, transition, at)).map((way) => ({
        at: way.at,
        taken: [...taken, ...way.taken],
      })),
    );
  }
  return [];
}

/** Transitions that follow by themselves; the machines here have at most three in a row. */
const maxFollowing = 6;

interface Way {
  readonly at: string;
  readonly taken: readonly number[];
}

function starting(chart: Chart, leaf: string, may: (transition: ChartTransition) => boolean): Way[] {
  const active = [leaf, ...ancestorsOf(leaf)];
  return chart.transitions.flatMap((transition, index) =>
    active.includes(transition.source) && may(transition)
      ? transition.targets.map((target) => ({ at: enteredLeaf(chart, target), taken: [index] }))
      : [],
  );
}

function isBrought(trigger: ChartTransition['trigger'], event: string, outcome: string | null): boolean {
  switch (trigger.type) {
    case 'event':
      return trigger.name === event || trigger.name === '*';
    case 'outcome': {
      const settled = outcomeOfKey(event);
      if (!settled || settled.invoke !== trigger.invoke) return false;
      return outcome === null ? outcomesFit(trigger.outcome, settled.outcome) : trigger.outcome.includes(outcome);
    }
    case 'delay':
      return isAfterTimer(event) && delayOf(event) === trigger.name;
    case 'always':
    case 'completion':
    case 'default':
      return false;
    default:
      return trigger satisfies never;
  }
}

const outcomesFit = (outcomes: string, settled: 'settled' | 'uncertain'): boolean =>
  settled === 'uncertain' ? outcomes === 'failed or unknown' : /done|refused/.test(outcomes);

function followsAlone(chart: Chart, { trigger, source }: ChartTransition, at: string): boolean {
  if (trigger.type === 'always') return true;
  return trigger.type === 'completion' && parentOf(at) === source && stateAt(chart, at)?.type === 'final';
}

const leafOf = (chart: Chart, statePath: string): string | null => activeStates(chart, statePath)?.at(-1) ?? null;
