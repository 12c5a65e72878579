/** What transitions are called in a diagram: in full, as the chart names everything, or in brief. */
import type { ChartTransition, Trigger } from './transitions.ts';

/** `authorize done [doneAndWanted]`, `failed or unknown [else]`, `after backoff`, `CANCEL [notStopping] / requestStop`. */
export function labelOf({ trigger, guard, unless, targets, actions }: ChartTransition): string {
  const condition = guard ?? (unless.length > 0 ? 'else' : null);
  const wait = triggerText(trigger);
  const parts = [wait, condition === null ? '' : `[${condition}]`];
  if (targets.length === 0) parts.push(actions.length > 0 ? `/ ${actions.join(', ')}` : '/ nothing');
  return parts.filter((part) => part !== '').join(' ') || 'always';
}

function triggerText(trigger: Trigger): string {
  switch (trigger.type) {
    case 'event':
      return trigger.name === '*' ? 'any other event' : trigger.name;
    case 'outcome':
      return trigger.alone && trigger.outcome === 'failed or unknown'
        ? trigger.outcome
        : `${trigger.invoke} ${trigger.outcome}`;
    case 'delay':
      return `after ${durationOf(trigger.name)}`;
    case 'always':
      return '';
    case 'completion':
      return 'done';
    case 'default':
      return 'nothing remembered';
    default:
      return trigger satisfies never;
  }
}

/** A delay that is a number is milliseconds; any other is a name. */
function durationOf(delay: string): string {
  if (!/^\d+$/.test(delay)) return delay;
  const ms = Number(delay);
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

/** For people who do not know the chart: `done`, `done, not wanted`, `attempts spent`, `after backoff`, `CANCEL`. */
export function briefLabelOf({ trigger, guard, unless, targets, actions }: ChartTransition): string {
  const wait = briefTriggerText(trigger, guard === null ? '' : words(guard), guard === null ? unless.map(words) : []);
  return targets.length > 0 || actions.length === 0 ? wait : `${wait} / ${actions.map(nameIn).join(', ')}`;
}

function briefTriggerText(trigger: Trigger, why: string, unless: readonly string[]): string {
  switch (trigger.type) {
    case 'event':
      return trigger.name;
    case 'outcome':
      // What uncertain outcomes lead to depends on the guard alone.
      if (trigger.outcome === 'failed or unknown') return why || trigger.outcome;
      return [trigger.outcome, ...unless.map((guard) => `not ${guard}`)].join(', ');
    case 'delay':
      return `after ${words(durationOf(trigger.name))}`;
    case 'always':
    case 'completion':
      if (why !== '' || unless.length === 0) return why;
      return `unless ${unless.join(' or ')}`;
    case 'default':
      return '';
    default:
      return trigger satisfies never;
  }
}

const nameIn = (call: string): string => words(call.split(' ')[0] ?? call);

/** `attemptsSpent` → `attempts spent`; `doneAndWanted` → `wanted`; `owes undo=stock` → `owes stock`. */
function words(guard: string): string {
  const [name = '', ...params] = guard.split(' ');
  const spaced = name.replace(/^(?:done|refused)And(?=[A-Z])/, '').replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return [spaced.toLowerCase(), ...params.map((param) => param.slice(param.indexOf('=') + 1))].join(' ');
}
