/** The gateway: it remembers by key what it has done and refused, and what it was told never to do. */
import { type Gateway, type Outcome, type Protocol, put, type Sent, step, type Step, type World } from './world.ts';

export function gatewaySteps(world: World, protocol: Protocol): Step[] {
  return world.sent.flatMap((request, n) => {
    const left = world.sent.filter((_, m) => m !== n);
    return performed(world.gateway, request, protocol).map(({ gateway, outcome }) => {
      const after = reply({ ...world, sent: left, gateway }, request.to, outcome);
      return step(`gateway: ${request.call} ${outcome}${request.to === null ? ', too late' : ''}`, after);
    });
  });
}

export function performed(
  gateway: Gateway,
  { call, attempt }: Sent,
  protocol: Protocol,
): { gateway: Gateway; outcome: Outcome }[] {
  const same = (outcome: Outcome) => ({ gateway, outcome });
  switch (call) {
    case 'authorize':
      if (gateway.voided && !protocol.makes('no tombstone')) return [same('refused')];
      if (gateway.authorized === 'yes') return [same('done')];
      if (gateway.authorized === 'declined') return [same('refused')];
      return [
        { gateway: { ...gateway, authorized: 'yes', voided: false }, outcome: 'done' },
        { gateway: { ...gateway, authorized: 'declined' }, outcome: 'refused' },
      ];
    case 'capture': {
      if (gateway.voided || gateway.authorized !== 'yes' || gateway.captureDeclined) return [same('refused')];
      const isNew = gateway.captures === 0 || (protocol.makes('the attempt is part of the key') && attempt > 1);
      if (!isNew) return [same('done')];
      const captured = { gateway: { ...gateway, captures: gateway.captures + 1 }, outcome: 'done' as const };
      return gateway.captures > 0
        ? [captured]
        : [captured, { gateway: { ...gateway, captureDeclined: true }, outcome: 'refused' }];
    }
    case 'undo':
      if (gateway.captures > 0)
        return [
          protocol.makes('void without refund')
            ? same('done')
            : { gateway: { ...gateway, refunded: true }, outcome: 'done' },
        ];
      return [{ gateway: { ...gateway, voided: true }, outcome: 'done' }];
    default:
      return call satisfies never;
  }
}

export function reply(world: World, to: number | null, outcome: Outcome): World {
  const process = to === null ? null : (world.processes[to] ?? null);
  if (to === null || process?.does !== 'await') return world;
  const { id, token, late } = process;
  return put(world, to, { does: 'report', id, token, outcome, ...(late ? { late } : {}) });
}
