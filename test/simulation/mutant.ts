/** A fault planted in the code, and what must find it. */

export interface Edit {
  readonly file: string;
  /** Occurs in the file once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly fault: string;
  readonly edits: readonly Edit[];
  /** An invariant that does not hold, and within how many seeds, counted from 1. */
  readonly found:
    | { readonly by: string; readonly within: 10 | 50 | 200 | 500 }
    | { readonly project: 'unit' | 'int'; readonly file: string; readonly title: string };
}

export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
export const inActors = (file: string, find: string, replace: string): Edit =>
  edit(`src/actors/${file}.ts`, find, replace);
