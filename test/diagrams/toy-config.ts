/** A small machine with a step of every kind: tried again, parked, refused, undone. */
import type { Json } from '../../src/actors/index.ts';

export const parcel = {
  id: 'parcel',
  version: '3',
  context: 'ƒ context',
  initial: 'packing',
  states: {
    packing: {
      meta: { status: 'PACKING' },
      on: { CANCEL: { guard: 'notStopping', actions: { type: 'requestStop', params: { code: 'cancelled' } } } },
      initial: 'calling',
      states: {
        calling: {
          meta: { undo: 'box.unpack' },
          invoke: {
            id: 'pack',
            src: 'box.pack',
            input: 'ƒ input',
            onDone: [
              { guard: 'doneAndWanted', target: '#parcel.sent', actions: 'note' },
              { guard: 'done', target: '#parcel.unpacking' },
              { target: '#parcel.unpacking' },
            ],
            onError: [{ guard: 'attemptsSpent', target: 'parked' }, { target: 'backingOff' }],
          },
        },
        backingOff: { after: { backoff: 'calling' } },
        parked: { tags: ['parked'], on: { RETRY: 'calling' } },
      },
    },
    unpacking: { invoke: { src: 'box.unpack', onDone: 'sent' } },
    sent: { type: 'final' },
  },
} as const satisfies Json;
