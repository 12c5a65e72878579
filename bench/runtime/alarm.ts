/** An actor that waits for a timer, and nothing else. */
import { setup } from 'xstate';
import { actorMachine } from '../../src/actors/index.ts';

type AlarmInput = { readonly afterMs: number };

const alarm = setup({
  types: {
    context: {} as AlarmInput,
    // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the machine's input type is inferred from it
    input: {} as AlarmInput,
  },
  delays: { due: ({ context }) => context.afterMs },
}).createMachine({
  id: 'alarm',
  version: '1',
  context: ({ input }: { input: AlarmInput | undefined }) => ({ afterMs: input?.afterMs ?? 0 }),
  initial: 'set',
  states: {
    set: { after: { due: 'rung' } },
    rung: { type: 'final' },
  },
});

export const alarmMachine = actorMachine(alarm, '1');
