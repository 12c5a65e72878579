/** What a commit leaves behind: a lease, a job, a wake row. */
import {
  calls,
  type Actor,
  edge,
  type Effect,
  isAccepted,
  isFinal,
  isParked,
  type Process,
  type Protocol,
  put,
  type World,
} from './world.ts';

/** Whether the committer goes on itself: it claims a remote effect in the very commit that armed it. */
export function goOn(world: World, i: number, actor: Actor, protocol: Protocol): World {
  if (isFinal(actor.at) || isParked(actor.at)) return put(settle(world, actor, protocol), i, null);
  // The edge drives the authorization alone.
  if (i === edge && isAccepted(actor.at)) return put(handOver(world, actor, protocol), i, null);
  if (!actor.effect) return put(settle(world, actor, protocol), i, null);
  if (actor.at === 'confirming.calling') return put(settle(world, actor, protocol), i, { does: 'advance' });
  return claim(world, i, actor, protocol);
}

export function claim(world: World, i: number, actor: Actor, protocol: Protocol): World {
  const call = calls[actor.at];
  if (!actor.effect || !call) return put(world, i, null);
  const token = protocol.makes('a claim keeps its token') ? Math.max(actor.effect.token, 1) : actor.effect.token + 1;
  const effect: Effect = { ...actor.effect, token, claims: actor.effect.claims + 1, lease: 'live' };
  const claimed: Actor = { ...actor, effect };
  const attempt = protocol.makes('the attempt is part of the key') ? actor.attempts * 10 + effect.claims : 1;
  return send(settle({ ...world, actor: claimed }, claimed, protocol), i, {
    does: 'await',
    call,
    id: effect.id,
    token,
    attempt,
  });
}

/** A caller that dies before it has sent is as one whose call never arrives. */
export function send(world: World, i: number, process: Process): World {
  if (process?.does !== 'await') return put(world, i, process);
  const { call, attempt } = process;
  return put({ ...world, sent: [...world.sent, { call, to: i, attempt }] }, i, process);
}

/** Nobody here goes on: the committer publishes, and the wake row stands behind it. */
export function handOver(world: World, actor: Actor, protocol: Protocol): World {
  return settle({ ...world, actor, hasJob: true }, actor, protocol);
}

/** The wake row: min(timer, end of the lease), or a redelivery interval ahead for an effect without a lease. */
export function settle(world: World, actor: Actor, protocol: Protocol): World {
  const { effect, timer, at } = actor;
  const after = { ...world, actor };
  if (isFinal(at) || isParked(at)) return { ...after, wake: 'none' };
  const leased = effect?.lease === 'live';
  if (leased && protocol.makes('no wake row behind a lease')) return { ...after, wake: timer ? 'timer' : 'none' };
  if (timer && !effect && protocol.makes('timers in memory')) return { ...after, wake: 'none' };
  if (effect && !leased) return { ...after, wake: protocol.makes('the job is the only wake-up') ? 'none' : 'soon' };
  return { ...after, wake: leased ? (timer ? 'either' : 'lease') : timer ? 'timer' : 'soon' };
}
