/** What a state is to its reader, and the colours that say so. */
import type { ChartState } from './chart.ts';

export type Kind = 'effect' | 'pivot' | 'undo' | 'parked' | 'final' | 'plain';

export function kindOf(state: ChartState): Kind {
  if (state.type === 'final') return 'final';
  if (state.parked) return 'parked';
  if (state.pivot) return 'pivot';
  if (state.undoes) return 'undo';
  return state.effects.length > 0 ? 'effect' : 'plain';
}

export interface Colours {
  readonly fill: string;
  readonly stroke: string;
  readonly text: string;
  readonly dashed?: boolean;
}

/** Each box brings its own background, so that it can be read on light pages and on dark ones. */
export const palette: Readonly<Record<Exclude<Kind, 'plain'> | 'active', Colours>> = {
  effect: { fill: '#dbeafe', stroke: '#3b82f6', text: '#172554' },
  pivot: { fill: '#ede9fe', stroke: '#7c3aed', text: '#2e1065' },
  undo: { fill: '#ffe4e6', stroke: '#e11d48', text: '#4c0519' },
  parked: { fill: '#fef3c7', stroke: '#d97706', text: '#451a03', dashed: true },
  final: { fill: '#e2e8f0', stroke: '#475569', text: '#0f172a' },
  active: { fill: '#bbf7d0', stroke: '#15803d', text: '#052e16' },
};
