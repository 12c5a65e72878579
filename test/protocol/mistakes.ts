/** Mistakes one could make in the protocol. Each must be caught by the invariant named here, or the model proves nothing. */
import type { BoundsName } from './bounds.ts';

interface Caught {
  readonly by: string;
  /** The smallest of the bounds within which it shows. */
  readonly within: BoundsName;
}

export const mistakes = {
  'no token in the fence': { by: 'G6', within: 'one fault' },
  'no effect id in the fence': { by: 'G6', within: 'one fault' },
  'a claim keeps its token': { by: 'G6', within: 'one fault' },
  'claims under a live lease': { by: 'G6', within: 'no fault' },
  'an outcome after the lease is dropped': { by: 'G6', within: 'one fault' },
  'a lost COMMIT is taken for done': { by: 'G6', within: 'one fault' },
  'CANCEL re-arms the effect': { by: 'G6', within: 'stops' },
  'relay deletes the row it claims': { by: 'O1', within: 'no fault' },
  'relay deletes the message it claims': { by: 'E2', within: 'stops' },
  'messages are judged by the relay’s cursor': { by: 'L2', within: 'stops' },
  'no wake row behind a lease': { by: 'O1', within: 'no fault' },
  'the job is the only wake-up': { by: 'O1', within: 'no fault' },
  'timers in memory': { by: 'O1', within: 'one fault' },
  'no wake row after un-parking': { by: 'O1', within: 'two faults' },
  'a lease has no end': { by: 'L2', within: 'one fault' },
  'the answer is overwritten': { by: 'A2', within: 'replays' },
  'answered before it is stored': { by: 'A2', within: 'replays' },
  'no undo after an unknown outcome': { by: 'M2', within: 'one fault' },
  'FAILED while an undo is owed': { by: 'M2', within: 'two faults' },
  'no tombstone': { by: 'M2', within: 'stops' },
  'void without refund': { by: 'M2', within: 'no fault' },
  'the attempt is part of the key': { by: 'E1', within: 'one fault' },
} as const satisfies Readonly<Record<string, Caught>>;

export type Mistake = keyof typeof mistakes;
