/** Time, and the relay: whatever lies ahead comes due at some moment. */
import { fault, holds, type Protocol, type Step, time, type World } from './world.ts';

export function timeSteps(world: World, protocol: Protocol): Step[] {
  const { actor } = world;
  const found: Step[] = [];
  if (actor?.timer === 'set') found.push(time('the timer is due', { ...world, actor: { ...actor, timer: 'due' } }));
  const holder = actor?.effect && world.processes.some((process) => holds(process, actor.effect));
  if (actor?.effect?.lease === 'live' && !holder && !protocol.makes('a lease has no end'))
    found.push(time('the lease ends', { ...world, actor: { ...actor, effect: { ...actor.effect, lease: 'over' } } }));
  return found;
}

/** Claims what is due, and publishes. It may die between, and then only time has passed. */
export function outboxSteps(world: World, protocol: Protocol): Step[] {
  const { actor, wake, message } = world;
  const isOver = actor?.effect?.lease === 'over';
  const isRung = actor?.timer === 'due';
  const isWakeDue = wake === 'soon' || (isRung && /timer|either/.test(wake)) || (isOver && /lease|either/.test(wake));
  const isMessageDue = message === 'due' || message === 'soon';
  if (!isWakeDue && !isMessageDue) return [];
  const claimed: World = {
    ...world,
    wake: isWakeDue ? (protocol.makes('relay deletes the row it claims') ? 'none' : 'soon') : wake,
    message: isMessageDue ? (protocol.makes('relay deletes the message it claims') ? 'none' : 'soon') : message,
  };
  const found = [time('the outbox is due, the relay publishes', { ...claimed, hasJob: true })];
  if (world.faults > 0)
    found.push(fault('relay: claims what is due, and dies', { ...claimed, faults: world.faults - 1 }));
  return found;
}
