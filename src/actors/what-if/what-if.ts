/** What may be tried on a simulated actor, and the text it is written in: `CANCEL, capture refused, timer backoff, wait 15m`. */
import type { ActorEvent, Json, Outcome } from '../ports.ts';
import { isOwnKey } from '../xstate/keys.ts';

export type WhatIf =
  /** An event from outside, as `send` would bring it. */
  | { readonly type: 'event'; readonly event: ActorEvent }
  /** An outcome of a pending effect. Without `value` it is the likely one; with it, the likely one with these fields. */
  | {
      readonly type: 'outcome';
      /** The effect's id, its invoke's id, or its name. */
      readonly effect: string;
      readonly outcome: Outcome['type'];
      readonly value: { readonly [key: string]: Json } | null;
    }
  /** Time passes until this timer fires; `timer` is its id or the name of its delay. Timers that are due before fire too. */
  | { readonly type: 'timer'; readonly timer: string }
  | { readonly type: 'wait'; readonly durationMs: number }
  /** Every pending effect is done, one after the other, until none is pending. */
  | { readonly type: 'happy' };

export interface ReadWhatIf {
  readonly input: WhatIf;
  /** As it was written. */
  readonly text: string;
  /** The character at which it begins, from 1. */
  readonly at: number;
}

export type ReadWhatIfs =
  | { readonly type: 'read'; readonly inputs: readonly ReadWhatIf[] }
  /** `inputs`: those before the broken one; `at`: the character at which that begins, from 1. */
  | {
      readonly type: 'malformed';
      readonly inputs: readonly ReadWhatIf[];
      readonly at: number;
      readonly problem: string;
    };

const maxWhatIfs = 100;
export const maxWhatIfText = 16_000;
const maxWaitMs = 366 * 24 * 60 * 60 * 1_000;

/** Reads inputs that are separated by commas or line ends; an event or outcome may have its payload as JSON behind it. */
export function readWhatIfs(text: string): ReadWhatIfs {
  const inputs: ReadWhatIf[] = [];
  if (text.length > maxWhatIfText)
    return { type: 'malformed', inputs, at: 1, problem: `the text is longer than ${maxWhatIfText} characters` };
  for (const { text: one, at } of split(text)) {
    const input = inputs.length === maxWhatIfs ? `there are more than ${maxWhatIfs} inputs` : readOne(one);
    if (typeof input === 'string') return { type: 'malformed', inputs, at, problem: input };
    inputs.push({ input, text: one, at });
  }
  return { type: 'read', inputs };
}

/** At commas and line ends outside of JSON. Empty pieces are nothing. */
function* split(text: string): Generator<{ readonly text: string; readonly at: number }> {
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= text.length; i += 1) {
    const char = text[i];
    if (quoted && char === '\\') i += 1;
    else if (char === '"') quoted = depth > 0 && !quoted;
    else if (!quoted && char === '{') depth += 1;
    else if (!quoted && char === '}') depth = Math.max(0, depth - 1);
    // An open bracket or quote is one broken piece up to the end.
    if (i < text.length && (depth > 0 || quoted || (char !== ',' && char !== '\n'))) continue;
    const piece = text.slice(start, i);
    if (piece.trim() !== '') yield { text: piece.trim(), at: start + piece.search(/\S/) + 1 };
    start = i + 1;
  }
}

/** @returns what is wrong with it, if something is */
function readOne(text: string): WhatIf | string {
  const brace = text.indexOf('{');
  const payload = brace < 0 ? null : readPayload(text.slice(brace));
  if (typeof payload === 'string') return payload;
  const [name = '', ...words] = (brace < 0 ? text : text.slice(0, brace)).trim().split(/\s+/);
  const [word] = words;
  if (name === '') return 'it has a payload and no name';
  if (words.length > 1) return `a comma is missing behind ${name} ${word}`;
  const read = readWords(name, word, payload);
  return payload && typeof read === 'object' && read.type !== 'event' && read.type !== 'outcome'
    ? `${name} takes no payload`
    : read;
}

function readWords(
  name: string,
  word: string | undefined,
  payload: { readonly [key: string]: Json } | null,
): WhatIf | string {
  if (name === 'timer') return word === undefined ? 'which timer?' : { type: 'timer', timer: word };
  if (name === 'wait') return readWait(word);
  if (name === 'happy' && word === undefined) return { type: 'happy' };
  switch (word) {
    case 'done':
    case 'refused':
    case 'failed':
    case 'unknown':
      return { type: 'outcome', effect: name, outcome: word, value: payload };
    case undefined:
      break;
    default:
      return `${word} is no outcome: an effect is done, refused, failed or unknown`;
  }
  if (!/^[A-Za-z][\w.-]*$/.test(name)) return `${name} names no event`;
  // Only the runtime makes these, under its fence.
  if (isOwnKey(name)) return `write outcomes as <effect> <outcome>, timers as timer <delay>, not ${name}`;
  return { type: 'event', event: { ...payload, type: name } };
}

function readPayload(text: string): { readonly [key: string]: Json } | string {
  try {
    // It begins with a brace, so it is an object.
    return JSON.parse(text) as { readonly [key: string]: Json };
  } catch {
    return 'its payload is not JSON';
  }
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function readWait(word = ''): WhatIf | string {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)(ms|s|m|min|h|d)$/.exec(word) ?? [];
  const durationMs = Math.round(Number(number) * (units[unit] ?? NaN));
  if (number === '' || Number.isNaN(durationMs)) return 'write how long to wait as 500ms, 30s, 15m, 2h or 7d';
  return durationMs > maxWaitMs ? 'it waits for more than a year' : { type: 'wait', durationMs };
}
