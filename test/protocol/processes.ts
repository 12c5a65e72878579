/** Edge and workers: each transaction is one step, with the ways in which its answer may fail to come. */
import { acceptsCancel, cancel, enter, move } from './saga.ts';
import { send, claim, goOn, settle } from './commit.ts';
import {
  fault,
  processNames,
  type Actor,
  type At,
  edge,
  holds,
  isFinal,
  isParked,
  type Process,
  type Protocol,
  put,
  step,
  type Step,
  type World,
} from './world.ts';

export function processSteps(world: World, i: number, process: Process, protocol: Protocol): Step[] {
  const name = processNames[i] ?? '';
  if (process === null) {
    if (i === edge || !world.hasJob) return [];
    const taken = { ...put(world, i, { does: 'advance' }), hasJob: false };
    const doubled = { ...put(world, i, { does: 'advance' }), faults: world.faults - 1 };
    return [
      step(`${name}: takes a job`, taken),
      ...(world.faults > 0 ? [fault(`${name}: takes a job that is there twice`, doubled)] : []),
    ];
  }
  switch (process.does) {
    case 'advance':
      return commit(`${name}: advance`, world, i, (before) => advance(before, i, protocol));
    case 'await':
      return [];
    case 'report':
      return commit(`${name}: reports ${process.outcome}`, world, i, (before) => report(before, i, process, protocol));
    case 'look':
      return [step(`${name}: looks for its commit`, send(world, i, found(world, process, protocol)))];
    default:
      return process satisfies never;
  }
}

/** A transaction, and the ways in which its answer may fail to come. */
export function commit(
  name: string,
  world: World,
  i: number,
  work: (world: World) => { world: World; moved: boolean },
): Step[] {
  const { world: after, moved } = work(world);
  const redo = world.processes[i] ?? null;
  if (world.faults === 0) return [step(name, after)];
  const lost = { ...after, sent: world.sent, faults: after.faults - 1 };
  const committed: Process = { does: 'look', committed: true, next: after.processes[i] ?? null, redo, moved };
  const undone: Process = { ...committed, committed: false };
  return [
    step(name, after),
    fault(`${name}; the answer to COMMIT is lost`, put(lost, i, committed)),
    fault(`${name}; the COMMIT is lost`, put({ ...world, faults: world.faults - 1 }, i, undone)),
  ];
}

/** The commit id is looked for under its lock; a lease carries it only until the next claim. */
function found(
  world: World,
  { committed, next, redo, moved }: Process & { does: 'look' },
  protocol: Protocol,
): Process {
  const lease =
    next?.does === 'await' && holds(next, world.actor?.effect ?? null) && world.actor?.effect?.lease === 'live';
  if (protocol.makes('a lost COMMIT is taken for done')) return next;
  if (!committed || !(moved || lease)) return redo ?? (world.actor ? null : { does: 'advance' });
  return next?.does === 'await' && !lease ? { does: 'advance' } : next;
}

/** Due messages, then due timers, else the pending effect. */
function advance(world: World, i: number, protocol: Protocol): { world: World; moved: boolean } {
  const still = (world: World, process: Process = null) => ({ world: put(world, i, process), moved: false });
  const { actor } = world;
  if (!actor) return still(world);
  const isDeliverable =
    world.message === 'due' ||
    (world.message === 'soon' && !protocol.makes('messages are judged by the relay’s cursor'));
  if (isDeliverable) {
    const without: World = { ...world, message: 'heard' };
    if (!acceptsCancel(actor)) return still(without, { does: 'advance' });
    const cancelled = cancel(without, protocol);
    return { world: put(cancelled, i, { does: 'advance' }), moved: true };
  }
  if (isFinal(actor.at) || isParked(actor.at)) return still(world);
  if (actor.timer === 'due') return { world: fire(world, i, actor, protocol), moved: true };
  const { effect } = actor;
  if (!effect || (effect.lease === 'live' && !protocol.makes('claims under a live lease'))) return still(world);
  if (actor.at === 'confirming.calling') return { world: move(world, i, actor, 'done', protocol), moved: true };
  if (effect.claims >= protocol.bounds.claims)
    return { world: move(world, i, actor, 'unknown', protocol), moved: true };
  return { world: claim(world, i, actor, protocol), moved: false };
}

function fire(world: World, i: number, actor: Actor, protocol: Protocol): World {
  if (actor.at.endsWith('.calling')) {
    // The reservation has expired while the capture is under way: remembered, like CANCEL.
    const expired: Actor = { ...actor, timer: null, stop: actor.stop ?? 'expired' };
    return put(settle({ ...world, actor: expired }, expired, protocol), i, { does: 'advance' });
  }
  const again = enter(actor, actor.at.replace('backingOff', 'calling') as At, {});
  return goOn({ ...world, actor: again }, i, again, protocol);
}

/** The outcome of a call, under its fence. */
function report(
  world: World,
  i: number,
  { id, token, outcome }: Process & { does: 'report' },
  protocol: Protocol,
): { world: World; moved: boolean } {
  const { actor } = world;
  const effect = actor?.effect;
  const drop = (broken: string | null = null) => ({
    world: put({ ...world, broken: broken ?? world.broken }, i, { does: 'advance' }),
    moved: false,
  });
  if (!actor || !effect) return drop();
  const isThis = effect.id === id;
  const isCurrent = isThis && effect.token === token;
  if (!isThis && !(protocol.makes('no effect id in the fence') && effect.lease !== 'none')) return drop();
  if (isThis && !isCurrent && !protocol.makes('no token in the fence')) return drop();
  if (isCurrent && effect.lease === 'over' && protocol.makes('an outcome after the lease is dropped'))
    return drop('G6: an outcome is dropped while its effect and token are current');
  const broken = isCurrent ? world.broken : 'G6: an outcome is applied under a token that is not current';
  return { world: { ...move(world, i, actor, outcome, protocol), broken }, moved: true };
}
