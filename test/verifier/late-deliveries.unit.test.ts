import { describe, expect, it } from 'vitest';
import { dryStart, dryStep, settledEvent } from '../../src/actors/index.ts';
import { lateDeliveries } from '../../src/verifier/late-deliveries.ts';
import { explore, verdictOn } from '../../src/verifier/index.ts';
import { calling, environment, final, toy } from './toy.ts';

const machine = toy({
  paying: { ...calling('bank.pay', { done: 'end', refused: 'end', lost: 'end' }), after: { soon: 'end' } },
  end: final,
});
const { row: before } = dryStart(machine, 'a', null, 0);
const [effect] = before.effects;
const [timer] = before.timers;
if (!effect || !timer) throw new Error('the toy awaits an effect and a timer');
const outcome = { type: 'outcome', effect, outcome: 'done', tookEffect: true } as const;

describe('a delivery that comes again', () => {
  it('does not count once its outcome is applied, or its timer fired', () => {
    const event = settledEvent('pay', { type: 'done', value: {} });
    const settled = dryStep(machine, before, { event, settled: effect, remote: true }, 0).row;
    expect(lateDeliveries(before, outcome, settled, { armed: [], nowMs: 0 })).toEqual([]);
    const fired = dryStep(machine, before, { event: timer.event, timer }, timer.dueAtMs).row;
    expect(lateDeliveries(before, { type: 'timer', timer }, fired, { armed: [], nowMs: timer.dueAtMs })).toEqual([]);
  });

  it('is told when its effect is still pending', () => {
    expect(lateDeliveries(before, outcome, before, { armed: [], nowMs: 0 })).toEqual([
      'pay@1 is still pending after its outcome',
    ]);
  });

  it('is told when its timer is still due, but not when it was set anew for later', () => {
    const due = { armed: [], nowMs: timer.dueAtMs };
    const later = { ...before, timers: [{ ...timer, dueAtMs: timer.dueAtMs + 1 }] };
    expect(lateDeliveries(before, { type: 'timer', timer }, before, due)).toEqual([
      'the timer xstate.after.soon.toy.paying is due again at once',
    ]);
    expect(lateDeliveries(before, { type: 'timer', timer }, later, due)).toEqual([]);
  });

  it('breaks stale-changes-nothing', () => {
    const event = settledEvent('pay', { type: 'done', value: {} });
    const fault = {
      from: 0,
      delivery: outcome,
      event,
      type: 'counted-again',
      message: 'pay@1 is still pending',
    } as const;
    const explored = explore(machine, environment());
    const { findings } = verdictOn(machine, environment(), { ...explored, faults: [fault] });
    expect(findings.filter(({ property }) => property === 'stale-changes-nothing')).toEqual([
      {
        property: 'stale-changes-nothing',
        promise: 'an outcome that comes twice, or late, changes nothing',
        message: 'pay@1 is still pending',
        path: ['start ⇒ paying', 'pay → done ⇒ ✗'],
      },
    ]);
  });

  it('is told when a second effect has the id of one before it', () => {
    expect(lateDeliveries(before, { type: 'event' }, before, { armed: ['pay@1'], nowMs: 0 })).toEqual([
      'the id pay@1 is given to a second effect',
    ]);
  });
});
