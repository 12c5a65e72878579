/** What a machine is explored against, and what exploring it finds. */
import type { ActorEvent, ActorRow, Json, PendingEffect, SettledOutcome, StateView, Timer } from '../actors/index.ts';

/** Everything a machine can meet, so that all of its behaviour can be enumerated. Plain data. */
export interface MachineEnvironment {
  /** A representative input. */
  readonly input: Json;
  /** The effects that it may ask for, by name. */
  readonly effects: Readonly<Record<string, EffectAnswers>>;
  /** Events from outside (customers, operators, other actors), each with every payload that makes a difference. */
  readonly events: readonly ActorEvent[];
  /** Which of them a person sends to a parked actor. */
  readonly operatorEvents: readonly string[];
  /** Which of those say that a person has done by hand the undo that the actor is parked for. */
  readonly settlingEvents?: readonly string[];
  /**
   * Event type → the states that take it, by path (`a.b`; a prefix stands for all states in it, `*` for any one name). In
   * every other state it is deliberately ignored.
   */
  readonly accepted: Readonly<Record<string, readonly string[]>>;
  /** The event whose arrival starts the actor: its first state may wait for it without a timer. */
  readonly startedBy?: string;
  /** Public status → those that may be published next. */
  readonly statuses?: Readonly<Record<string, readonly string[]>>;
  /** How often one effect may be tried before an operator or another step has its turn. */
  readonly maxAttempts: number;
}

export interface EffectAnswers {
  /** One of each kind of definitive answer. */
  readonly outcomes: readonly SettledOutcome[];
  /**
   * The participant remembers its refusal by key, so a refused effect holds nothing, whatever earlier attempts did: it
   * owes no undo.
   */
  readonly remembersRefusals?: boolean;
}

/** How an event comes to an actor. */
export type Delivery =
  | { readonly type: 'start' }
  | {
      readonly type: 'outcome';
      readonly effect: PendingEffect;
      readonly outcome: 'done' | 'refused' | 'failed' | 'unknown';
      /** Whether the participant did what it was asked: for `unknown` both happen. */
      readonly tookEffect: boolean;
    }
  | { readonly type: 'timer'; readonly timer: Timer }
  | { readonly type: 'event' };

/** What the participants and the declarations make of an actor's past: not in its snapshot, and judged beside it. */
export interface Ghost {
  /** Effect → how its participant stands to it. Only effects that were armed, and not taken back since, are listed. */
  readonly participants: Readonly<Record<string, ParticipantState>>;
  /** Undo effect → what is true of everything it undoes. Only undos of effects that were ever armed are listed. */
  readonly obligations: Readonly<Record<string, Obligation>>;
  /** Undo effects that were done (or settled by a person), in order. */
  readonly undone: readonly string[];
  /** The pivot's effect took effect: from here on nothing is taken back. */
  readonly pivotPassed: boolean;
  /**
   * Effect → how often it was armed without being done, an operator's event, or its step being left between. Counted no
   * further than one above what is allowed.
   */
  readonly attempts: Readonly<Record<string, number>>;
  /** The effect that was armed last. */
  readonly lastArmed: string | null;
}

/** `asked`: armed, and not known to have happened. `did`: it took effect. `refused`: for good, and that is remembered. */
export type ParticipantState = 'asked' | 'did' | 'refused';

export interface Obligation {
  /** Armed, not exempted by a remembered refusal, and not undone since. */
  readonly owed: boolean;
  /** The participant may hold something now. */
  readonly held: boolean;
}

/** One reachable situation of an actor. */
export interface ExploredNode {
  readonly id: number;
  /** Revisions, effect ids and instants are those of the shortest way here. */
  readonly row: ActorRow;
  readonly view: StateView;
  readonly ghost: Ghost;
  /** The last edge of a shortest way here; null for the first node. */
  readonly via: ExploredEdge | null;
}

/** One delivery that was applied. */
export interface ExploredEdge {
  /** -1: the start. */
  readonly from: number;
  readonly to: number;
  readonly delivery: Delivery;
  readonly event: ActorEvent;
  /** Ids of the chart's transitions that it took, `always` ones included, in order. */
  readonly taken: readonly string[];
  /** Names of the effects that it armed, in order. */
  readonly armed: readonly string[];
}

/** One delivery that went wrong, and therefore has no edge. */
export interface ExploredFault {
  /** -1: the start. */
  readonly from: number;
  readonly delivery: Delivery;
  readonly event: ActorEvent;
  readonly type:
    /** A guard, an assign, a delay or the runtime threw. */
    | 'threw'
    /** An outcome or a timer that the state does not take. */
    | 'not-taken'
    /** The environment says nothing of this effect. */
    | 'undeclared'
    /** A duplicate or late delivery would have counted again. */
    | 'counted-again';
  readonly message: string;
}

export interface Exploration {
  /** In breadth-first order: the way by `via` to each is a shortest one. */
  readonly nodes: readonly ExploredNode[];
  readonly edges: readonly ExploredEdge[];
  readonly faults: readonly ExploredFault[];
  /** The search was cut off at this many nodes: nothing is proven. */
  readonly cappedAt: number | null;
  readonly elapsedMs: number;
}
