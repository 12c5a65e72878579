/** What a machine is verified against: everything that can come to it, typed by the effects themselves. Plain data. */
import type { OutputFrom } from 'xstate';
import type { effects } from './effects.ts';

type EffectName = keyof typeof effects;

/** What a participant may answer for good, as the runtime hands it on. */
export type AnswerOf<Name extends EffectName> = Specimen<OutputFrom<(typeof effects)[Name]>>;
type Specimen<Settled> = Settled extends { readonly type: infer Type }
  ? { readonly type: Type; readonly value: Omit<Settled, 'type'> }
  : never;

type Event = { readonly type: string };

/** @see the verifier's `MachineEnvironment`, which it fits */
export interface Environment<Names extends EffectName, Input, Command extends Event, Status extends string> {
  readonly input: Input;
  /** Every effect of the machine, with one specimen of each answer that makes a difference. */
  readonly effects: {
    readonly [Name in Names]: {
      readonly outcomes: readonly AnswerOf<Name>[];
      /** A refusal is remembered by key: who refused holds nothing, whatever earlier attempts did. */
      readonly remembersRefusals?: true;
    };
  };
  readonly events: readonly Command[];
  readonly operatorEvents: readonly Command['type'][];
  /** Which of those say that a person has done by hand the undo that the actor is parked for. */
  readonly settlingEvents?: readonly Command['type'][];
  /** Event → the states that take it; `*` for any one name. */
  readonly accepted: { readonly [Type in Command['type']]: readonly string[] };
  readonly startedBy?: Command['type'];
  readonly statuses?: { readonly [From in Status]: readonly Status[] };
  readonly maxAttempts: number;
}
