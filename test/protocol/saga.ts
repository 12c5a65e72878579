/** The saga: what an outcome, a timer or a CANCEL makes of the actor. */
import { goOn, handOver } from './commit.ts';
import { type Actor, type At, edge, type Outcome, type Protocol, type World } from './world.ts';

export function move(world: World, i: number, actor: Actor, outcome: Outcome, protocol: Protocol): World {
  const next = afterOutcome(actor, outcome, protocol);
  const left = leaving(world, actor, next.at, outcome);
  return goOn({ ...left, actor: next }, i, next, protocol);
}

function afterOutcome(actor: Actor, outcome: Outcome, protocol: Protocol): Actor {
  const undo = (stop: Actor['stop']): Actor => {
    const skips = protocol.makes('no undo after an unknown outcome') && outcome === 'unknown';
    return skips ? enter(actor, 'failed', { stop }) : enter(actor, 'undoing.calling', { attempts: 0, stop });
  };
  const settled = outcome === 'done' || outcome === 'refused';
  const isLast = actor.attempts + 1 >= protocol.bounds.attempts;
  switch (actor.at) {
    case 'authorizing.calling':
      if (outcome === 'refused') return enter(actor, 'authorizationFailed', { stop: 'refused' });
      if (outcome === 'done')
        return actor.stop === null ? enter(actor, 'capturing.calling', { attempts: 0 }) : undo(actor.stop);
      break;
    case 'capturing.calling':
      if (outcome === 'refused') return undo(actor.stop ?? 'refused');
      if (outcome === 'done')
        return actor.stop === null ? enter(actor, 'confirming.calling', { attempts: 0 }) : undo(actor.stop);
      break;
    case 'confirming.calling':
      return enter(actor, 'completed', {});
    case 'undoing.calling':
      if (outcome === 'done') return enter(actor, actor.stop === 'cancelled' ? 'cancelled' : 'failed', {});
      if (isLast || settled)
        return enter(actor, protocol.makes('FAILED while an undo is owed') ? 'failed' : 'undoing.parked', {
          attempts: actor.attempts + 1,
        });
      return enter(actor, 'undoing.backingOff', { attempts: actor.attempts + 1 });
    default:
      return actor;
  }
  if (actor.stop !== null) return undo(actor.stop);
  if (isLast) return undo('spent');
  return enter(actor, actor.at.replace('calling', 'backingOff') as At, { attempts: actor.attempts + 1 });
}

/** Enters a state: arms its effect, sets its timer, forgets what belonged to the one before. */
export function enter(actor: Actor, at: At, changes: Partial<Actor>): Actor {
  const isCalling = at.endsWith('.calling');
  return {
    ...actor,
    ...changes,
    at,
    armed: isCalling ? actor.armed + 1 : actor.armed,
    effect: isCalling ? { id: actor.armed, token: 0, claims: 0, lease: 'none' } : null,
    timer: at.endsWith('.backingOff') || at === 'capturing.calling' ? 'set' : null,
  };
}

/** The answer to the key is decided by the transaction that leaves `authorizing`, first writer wins. */
function leaving(world: World, from: Actor, to: string, outcome?: Outcome): World {
  if (!from.at.startsWith('authorizing') || to.startsWith('authorizing') || world.answer !== null) return world;
  if (to === 'authorizationFailed') return { ...world, answer: 'declined' };
  return { ...world, answer: outcome === 'done' ? 'authorized' : 'awaiting' };
}

export function begin(world: World, protocol: Protocol): World {
  const actor = enter(
    { at: 'authorizing.calling', attempts: 0, stop: null, effect: null, timer: null, armed: 0 },
    'authorizing.calling',
    {},
  );
  return goOn({ ...world, actor }, edge, actor, protocol);
}

export const acceptsCancel = ({ at, stop }: Actor): boolean => stop === null && /^(authorizing|capturing)/.test(at);

/** Remembered while an effect is pending; acted on at once while waiting. */
export function cancel(world: World, protocol: Protocol): World {
  const { actor } = world;
  if (!actor) return world;
  if (actor.at.endsWith('.backingOff'))
    return handOver(
      leaving(world, actor, 'undoing'),
      enter(actor, 'undoing.calling', { attempts: 0, stop: 'cancelled' }),
      protocol,
    );
  if (protocol.makes('CANCEL re-arms the effect'))
    return handOver(world, enter({ ...actor, stop: 'cancelled' }, actor.at, {}), protocol);
  return { ...world, actor: { ...actor, stop: 'cancelled' } };
}
