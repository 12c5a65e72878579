/** How a simulation looks on a terminal. Pure. */
import type {
  NamedTimer,
  Possible,
  SimulatedStep,
  SimulatedTransition,
  Simulation,
  StateView,
} from '../actors/index.ts';
import { type Cell, duration, textTable } from './table.ts';

const head = ['#', 'event', 'state', 'status', 'effects', 'timers', 'told', 'at'];

/**
 * The path as a table: its first line the actor as it stood with all that is pending; below, what each step arms and sets
 * (`+`), leaves and cancels (`-`). Then what may happen next.
 */
export function renderSimulation({ start, steps, end }: Simulation): string {
  const stored: Cell[] = [
    0,
    `(revision ${start.row.revision})`,
    start.row.path,
    statusOf(start.view),
    start.possible.effects.map(({ src }) => src).join(' '),
    start.possible.timers.map((timer) => timerText(timer, start.atMs)).join(', '),
    '',
    '',
  ];
  const rows = steps.map((step, i) => [i + 1, step.text, ...cellsOf(step), `+${duration(step.atMs - start.atMs)}`]);
  return [
    textTable(head, [stored, ...rows]),
    '',
    renderPossible(end.possible, end.atMs),
    '',
    'Nothing was written, sent or called.',
  ].join('\n');
}

function cellsOf(step: SimulatedStep): readonly Cell[] {
  switch (step.type) {
    case 'transition':
      return [step.to.path, statusOf(step.to), effectsOf(step), timersOf(step, step.atMs), toldOf(step)];
    case 'unparked':
      return ['goes on from where it was parked', '', '', '', ''];
    case 'parked':
      return [`parked by the runtime: ${oneLine(step.reason)}`, '', '', '', ''];
    case 'refused':
    case 'impossible':
      return [`${step.type}: ${oneLine(step.reason)}`, '', '', '', ''];
    default:
      return step satisfies never;
  }
}

/** What a machine throws may have several. */
const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

function effectsOf({ armed, left }: SimulatedTransition): string {
  return [...armed.map(({ src }) => `+${src}`), ...left.map(({ src }) => `-${src}`)].join(' ');
}

function timersOf({ timersSet, timersCancelled }: SimulatedTransition, atMs: number): string {
  return [
    ...timersSet.map((timer) => `+${timerText(timer, atMs)}`),
    ...timersCancelled.map(({ delay }) => `-${delay}`),
  ].join(', ');
}

function toldOf({ told }: SimulatedTransition): string {
  return told.map(({ event, targetMachine }) => `${event.type} to ${targetMachine}`).join(', ');
}

const timerText = ({ delay, dueAtMs }: NamedTimer, nowMs: number): string => `${delay} ${duration(dueAtMs - nowMs)}`;

/** The public status of a state, if its machine has any. */
function statusOf(view: StateView | null): string {
  const status = view?.meta['status'];
  return typeof status === 'string' ? status : '';
}

/** One line for each thing that may happen. */
function renderPossible({ events, effects, timers }: Possible, nowMs: number): string {
  const rows = [
    ...events.map((event) => [event, 'accepted here']),
    ...effects.map(({ invoke, src }) => [`${invoke} done|refused|failed|unknown`, `outcome of ${src}`]),
    ...timers.map(({ delay, dueAtMs }) => [`timer ${delay}`, `due in ${duration(dueAtMs - nowMs)}`]),
    ...(timers.length > 0 ? [['wait <duration>', 'as 30s, 15m, 2h or 7d']] : []),
    ...(effects.length > 0 ? [['happy', 'every effect is done']] : []),
  ];
  if (rows.length === 0) return 'Nothing can happen to it any more.';
  return ['Possible next:', ...textTable([], rows).split('\n')].join('\n  ');
}
