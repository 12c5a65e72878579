/** How an actor's past grows by one delivery: what participants hold, what is owed, what was tried how often. Pure. */
import { activeLeaves, type ActorEvent, type ActorRow } from '../actors/index.ts';
import { type Declarations, isWithin } from './declarations.ts';
import type { Delivery, Ghost, MachineEnvironment, Obligation, ParticipantState } from './exploration.ts';

/** What an actor's past is judged by. */
export interface Rules {
  readonly declarations: Declarations;
  readonly environment: MachineEnvironment;
}

/** One delivery, and the row it made of another. */
export interface Move {
  /** Null before the start. */
  readonly before: ActorRow | null;
  readonly delivery: Delivery;
  readonly event: ActorEvent;
  readonly after: ActorRow;
  /** Names of the effects that it armed. */
  readonly armed: readonly string[];
}

export const blankGhost: Ghost = {
  participants: {},
  obligations: {},
  undone: [],
  pivotPassed: false,
  attempts: {},
  lastArmed: null,
};

export function nextGhost(ghost: Ghost, move: Move, rules: Rules): Ghost {
  const settled = afterDelivery(ghost, move, rules);
  return move.armed.reduce((sum, effect) => afterArming(sum, effect, rules), settled);
}

/** What is true once the delivery is taken, before anything is armed by it. */
export function afterDelivery(ghost: Ghost, move: Move, rules: Rules): Ghost {
  const left = leaveSteps(ghost, move, rules);
  switch (move.delivery.type) {
    case 'outcome':
      return afterOutcome(left, move.delivery, rules);
    case 'event':
      return afterEvent(left, move, rules);
    case 'start':
    case 'timer':
      return left;
  }
}

/** What is true once one more effect is armed. */
export function afterArming(ghost: Ghost, effect: string, { declarations, environment }: Rules): Ghost {
  const attempts = Math.min((ghost.attempts[effect] ?? 0) + 1, environment.maxAttempts + 1);
  return withObligations(
    {
      ...ghost,
      participants: withEntry(ghost.participants, effect, ghost.participants[effect] ?? 'asked'),
      attempts: withEntry(ghost.attempts, effect, attempts),
      lastArmed: effect,
    },
    declarations,
  );
}

function afterOutcome(ghost: Ghost, delivery: Delivery & { type: 'outcome' }, rules: Rules): Ghost {
  const { declarations, environment } = rules;
  const { src } = delivery.effect;
  const took = delivery.tookEffect ? tookEffect(ghost, src, declarations) : ghost;
  switch (delivery.outcome) {
    case 'done':
      return undoneBy(withoutAttempts(took, src), src, declarations);
    case 'refused': {
      const remembered = environment.effects[src]?.remembersRefusals === true;
      const participants = remembered ? withEntry(took.participants, src, 'refused') : took.participants;
      return withObligations({ ...took, participants }, declarations);
    }
    case 'failed':
    case 'unknown':
      return took;
  }
}

/** The participant did what it was asked, whether or not its answer arrived. */
function tookEffect(ghost: Ghost, effect: string, declarations: Declarations): Ghost {
  // An undo that took effect leaves nothing held; that it is owed no more, only its answer tells.
  const released = Object.fromEntries(
    Object.entries(ghost.participants).map(([name, state]): [string, ParticipantState] => [
      name,
      state === 'did' && declarations.undoOf.get(name) === effect ? 'asked' : state,
    ]),
  );
  return withObligations(
    {
      ...ghost,
      participants: withEntry(released, effect, 'did'),
      pivotPassed: ghost.pivotPassed || declarations.pivots.has(effect),
    },
    declarations,
  );
}

function undoneBy(ghost: Ghost, undo: string, declarations: Declarations): Ghost {
  if (!declarations.undos.includes(undo)) return ghost;
  const kept = Object.entries(ghost.participants).filter(([name]) => declarations.undoOf.get(name) !== undo);
  const undone = ghost.undone.includes(undo) ? ghost.undone : [...ghost.undone, undo];
  return withObligations({ ...ghost, participants: Object.fromEntries(kept), undone }, declarations);
}

/**
 * A person's word: it lets an effect be tried anew, or settles the undo that the actor was parked for, whatever the
 * machine then makes of it.
 */
function afterEvent(ghost: Ghost, { before, event }: Move, { declarations, environment }: Rules): Ghost {
  if (!environment.operatorEvents.includes(event.type)) return ghost;
  const fresh: Ghost = { ...ghost, attempts: {} };
  const undo = ghost.lastArmed;
  const settles =
    environment.settlingEvents?.includes(event.type) === true &&
    before !== null &&
    before.parked !== null &&
    undo !== null &&
    ghost.obligations[undo]?.owed === true;
  return settles ? undoneBy(fresh, undo, declarations) : fresh;
}

/** Attempts of a step that was left are forgotten. */
function leaveSteps(ghost: Ghost, { after }: Move, { declarations }: Rules): Ghost {
  if (after.snapshot.status !== 'active') return { ...ghost, attempts: {} };
  const leaves = activeLeaves(after.snapshot.value);
  const isIn = (effect: string) =>
    declarations.stepsOf.get(effect)?.some((step) => leaves.some((leaf) => isWithin(leaf, step))) ?? false;
  const attempts = Object.entries(ghost.attempts).filter(([effect]) => isIn(effect));
  return { ...ghost, attempts: Object.fromEntries(attempts) };
}

function withoutAttempts(ghost: Ghost, effect: string): Ghost {
  const attempts = Object.entries(ghost.attempts).filter(([name]) => name !== effect);
  return { ...ghost, attempts: Object.fromEntries(attempts) };
}

function withObligations(ghost: Ghost, { undoOf }: Declarations): Ghost {
  const obligations: Record<string, Obligation> = {};
  for (const undo of [...ghost.undone].sort()) obligations[undo] = { owed: false, held: false };
  for (const [effect, state] of Object.entries(ghost.participants)) {
    const undo = undoOf.get(effect);
    if (undo === undefined) continue;
    const { owed, held } = obligations[undo] ?? { owed: false, held: false };
    obligations[undo] = { owed: owed || state !== 'refused', held: held || state === 'did' };
  }
  return { ...ghost, obligations };
}

/** Keys in order, so that equal ghosts read the same. */
function withEntry<Value>(
  entries: Readonly<Record<string, Value>>,
  key: string,
  value: Value,
): Readonly<Record<string, Value>> {
  const next = { ...entries, [key]: value };
  if (key in entries) return next;
  return Object.fromEntries(Object.entries(next).sort(([a], [b]) => (a < b ? -1 : 1)));
}
