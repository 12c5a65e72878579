/** Enumerates what a machine can do and judges it. Knows machines by what they declare, nothing of commerce. */
export { explore } from './explore.ts';
export type { ExploreOptions } from './explore.ts';
export type * from './exploration.ts';
export { verdictOn, verify } from './verify.ts';
export type { Finding, Verdict } from './verify.ts';
export { keepHistories } from './histories.ts';
export type { KeptHistories } from './histories.ts';
export { checkKept } from './kept-check.ts';
export { parseKept, printKept } from './kept-file.ts';
