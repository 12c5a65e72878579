/** What may go wrong, one at a time, as often as the bounds allow. */
import { performed, reply } from './gateway.ts';
import {
  holds,
  processNames,
  type Actor,
  edge,
  fault,
  type Process,
  type Protocol,
  put,
  type Step,
  type World,
} from './world.ts';

export function faultSteps(world: World, protocol: Protocol): Step[] {
  return [
    ...world.processes.flatMap((process, i) => processFaults(world, i, process)),
    ...(world.hasJob ? [fault('queue: wiped', { ...world, hasJob: false })] : []),
    ...gatewayFaults(world, protocol),
  ];
}

function processFaults(world: World, i: number, process: Process): Step[] {
  if (process === null) return [];
  const name = processNames[i] ?? '';
  const orphaned = world.sent.map((request) => (request.to === i ? { ...request, to: null } : request));
  const dead = put(
    { ...world, sent: orphaned, client: i === edge ? { ...world.client, open: false } : world.client },
    i,
    null,
  );
  const found = [fault(`${name}: dies`, dead)];
  const { actor } = world;
  if (actor?.effect?.lease === 'live' && holds(process, actor.effect))
    found.push(fault(`${name}: pauses past its lease`, paused(world, i, actor, process)));
  if (process.does === 'await')
    found.push(fault(`${name}: gives its call up`, reply({ ...world, sent: orphaned }, i, 'unknown')));
  return found;
}

function paused(world: World, i: number, actor: Actor, process: Process): World {
  const over: Actor = { ...actor, effect: actor.effect && { ...actor.effect, lease: 'over' } };
  return { ...put(world, i, lateOf(process)), actor: over };
}

function lateOf(process: Process): Process {
  if (process?.does === 'look') return { ...process, next: lateOf(process.next), redo: lateOf(process.redo) };
  return process && 'token' in process ? { ...process, late: true } : process;
}

function gatewayFaults(world: World, protocol: Protocol): Step[] {
  return world.sent.flatMap((request, n) => {
    if (request.to === null) return [];
    const left = world.sent.filter((_, m) => m !== n);
    const lost = performed(world.gateway, request, protocol).map(({ gateway }) =>
      fault(
        `gateway: ${request.call} takes effect, its answer is lost`,
        reply({ ...world, sent: left, gateway }, request.to, 'unknown'),
      ),
    );
    return [
      fault(`gateway: ${request.call} answered 503`, reply({ ...world, sent: left }, request.to, 'failed')),
      ...lost,
    ];
  });
}
