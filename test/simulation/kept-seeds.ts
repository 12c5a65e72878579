/** Runs that failed once, each with what it found. They are run beside every change. */
import type { RunOptions } from './simulate.ts';

export const keptSeeds: readonly { readonly seed: number; readonly options: RunOptions; readonly found: string }[] = [];
