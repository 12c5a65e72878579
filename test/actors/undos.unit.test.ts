import { createMachine } from 'xstate';
import { expect, it } from 'vitest';
import { actorMachine, undosOf } from '../../src/actors/index.ts';

const calling = (src: string, meta: object = {}) => ({ meta, invoke: { id: `to ${src}`, src } });
const machine = actorMachine(
  createMachine({
    id: 'trip',
    initial: 'booking',
    states: {
      booking: {
        type: 'parallel',
        states: {
          flight: { initial: 'asked', states: { asked: calling('flight.book', { undo: 'flight.drop' }) } },
          room: calling('room.book', { undo: 'room.drop' }),
        },
      },
      paying: calling('bank.pay', { undo: 'flight.drop' }),
      telling: calling('mail.send', { undo: null }),
      resting: { meta: { undo: 'nobody.asks' } },
      droppingRoom: calling('room.drop'),
      droppingFlight: { initial: 'asked', states: { asked: calling('flight.drop'), again: calling('flight.drop') } },
    },
  }),
  '1',
);

it('undos are what states declare beside the effects that they invoke, in the order of the states that ask for them', () => {
  expect(undosOf(machine)).toEqual({
    byEffect: new Map([
      ['flight.book', 'flight.drop'],
      ['room.book', 'room.drop'],
      ['bank.pay', 'flight.drop'],
    ]),
    notNeededBy: new Set(['mail.send']),
    effects: ['room.drop', 'flight.drop'],
    invokes: new Map([
      ['to room.drop', 'room.drop'],
      ['to flight.drop', 'flight.drop'],
    ]),
  });
});
