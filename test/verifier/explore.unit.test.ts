import { describe, expect, it } from 'vitest';
import { explore, type Exploration } from '../../src/verifier/index.ts';
import { calling, environment, final, parked, taking, toy, type ToyState } from './toy.ts';

/** Every delivery out of a state, as `kind ⇒ state`. */
function ways({ nodes, edges }: Exploration, from: string): string[] {
  const said = edges
    .filter((edge) => nodes[edge.from]?.row.path === from)
    .map(({ delivery, event, to }) => {
      const kind =
        delivery.type === 'outcome'
          ? `${delivery.outcome}${delivery.tookEffect ? ' (took effect)' : ''}`
          : delivery.type === 'timer'
            ? delivery.timer.id
            : event.type;
      return `${kind} ⇒ ${nodes[to]?.row.path ?? ''}`;
    });
  return [...new Set(said)];
}

const retrying = {
  paying: calling('bank.pay', { done: 'paid', refused: 'declined', lost: 'resting' }),
  resting: { after: { soon: 'paying' } },
  paid: final,
  declined: final,
} as const;

describe('an exploration', () => {
  it('offers every outcome, every timer and every event that the state takes', () => {
    const asking: ToyState = {
      ...calling('desk.ship', { done: 'end', refused: 'parked', lost: 'end' }),
      on: { GO: 'end' },
      after: { later: 'end' },
    };
    const found = explore(toy({ asking, parked: parked('asking'), end: final }), taking({ GO: ['asking'] }));
    expect(ways(found, 'asking')).toEqual([
      'done (took effect) ⇒ end',
      'refused ⇒ parked',
      'failed ⇒ end',
      'unknown ⇒ end',
      'unknown (took effect) ⇒ end',
      'xstate.after.later.toy.asking ⇒ end',
      'GO ⇒ end',
    ]);
    expect(ways(found, 'end')).toEqual([]);
  });

  it('leads to each situation by a shortest way', () => {
    const { nodes } = explore(toy(retrying), environment({ maxAttempts: 9 }), { maxNodes: 100 });
    const depth = (id: number): number => {
      const via = nodes[id]?.via;
      return via && via.from >= 0 ? 1 + depth(via.from) : 0;
    };
    const depths = nodes.map(({ id }) => depth(id));
    expect(depths).toEqual([...depths].sort((a, b) => a - b));
    expect(nodes.map(({ id }) => id)).toEqual(nodes.map((_, i) => i));
  });

  it('is the same each time', () => {
    const once = () => explore(toy(retrying), environment(), { clock: () => 0 });
    expect(once()).toEqual(once());
  });

  it('ends by itself however often an effect is tried', () => {
    const { nodes, cappedAt } = explore(toy(retrying), environment());
    expect([cappedAt, nodes.length < 100]).toEqual([null, true]);
  });

  it('is cut off at the cap, and says so', () => {
    const { nodes, cappedAt } = explore(toy(retrying), environment(), { maxNodes: 4 });
    expect([nodes.length, cappedAt]).toEqual([4, 4]);
  });

  it('of a machine that throws at its start is empty, with the fault', () => {
    const { nodes, edges, faults } = explore(toy({ start: { entry: 'break' } }), environment());
    expect([nodes, edges]).toEqual([[], []]);
    expect(faults).toEqual([
      {
        from: -1,
        delivery: { type: 'start' },
        event: { type: 'xstate.init', input: null },
        type: 'threw',
        message: 'the machine failed: it broke',
      },
    ]);
  });

  it('tells which transitions each delivery took, those that follow by themselves too', () => {
    const machine = toy({
      first: { on: { GO: { target: 'second', actions: 'count' } } },
      second: {
        always: [
          { guard: 'never', target: 'first' },
          { guard: 'counted', target: 'third' },
        ],
      },
      third: { initial: 'a', states: { a: { always: 'b' }, b: { type: 'final' } }, onDone: 'end' },
      end: final,
    });
    const { edges } = explore(machine, taking({ GO: ['first'] }));
    expect(edges.map(({ taken }) => taken)).toEqual([
      [],
      ['first: GO', 'second: always #2', 'third.a: always', 'third: done'],
    ]);
  });
});

describe('participants are honest', () => {
  const after = (answer: string) => {
    const found = explore(toy(retrying), environment());
    const { nodes, edges } = found;
    const lost = edges.find(
      ({ from, delivery }) =>
        nodes[from]?.row.path === 'paying' &&
        delivery.type === 'outcome' &&
        `${delivery.outcome}${delivery.tookEffect ? ' (took effect)' : ''}` === answer,
    );
    const again = edges.find(({ from }) => from === lost?.to)?.to;
    return ways({ ...found, edges: edges.filter(({ from }) => from === again) }, 'paying');
  };

  it('who did what it was asked does not refuse it, and no answer can be lost anew', () => {
    expect(after('unknown (took effect)')).toEqual([
      'done (took effect) ⇒ paid',
      'failed ⇒ resting',
      'unknown ⇒ resting',
    ]);
  });

  it('who did not may still do or refuse it', () => {
    expect(after('unknown')).toEqual([
      'done (took effect) ⇒ paid',
      'refused ⇒ declined',
      'failed ⇒ resting',
      'unknown ⇒ resting',
      'unknown (took effect) ⇒ resting',
    ]);
  });

  it('who refused and remembers it goes on refusing', () => {
    const states = {
      paying: calling('bank.pay', { done: 'paid', refused: 'standing', lost: 'paid' }),
      standing: parked('again'),
      again: calling('bank.pay', { done: 'paid', refused: 'declined', lost: 'paid' }),
      paid: final,
      declined: final,
    };
    const found = (remembersRefusals: boolean) => {
      const { effects } = environment();
      const outcomes = effects['bank.pay']?.outcomes ?? [];
      const against = taking({ RETRY: ['standing'] });
      return explore(toy(states), { ...against, effects: { 'bank.pay': { outcomes, remembersRefusals } } });
    };
    expect(ways(found(true), 'again')).toEqual(['refused ⇒ declined', 'failed ⇒ paid', 'unknown ⇒ paid']);
    expect(ways(found(false), 'again')).toContain('done (took effect) ⇒ paid');
  });
});

describe('the past that is judged beside a situation', () => {
  const undoing = {
    paying: calling('bank.pay', { done: 'refunding', refused: 'end', lost: 'refunding', undo: 'bank.refund' }),
    refunding: calling('bank.refund', { done: 'end', refused: 'standing', lost: 'standing' }),
    standing: { tags: ['parked'], on: { RETRY: 'refunding', RESOLVE: 'end' } },
    end: final,
  } as const;
  const { nodes, edges } = explore(toy(undoing), taking({ RETRY: ['standing'], RESOLVE: ['standing'] }));
  const obligations = (path: string) => [
    ...new Set(
      nodes.filter(({ row }) => row.path === path).map(({ ghost }) => JSON.stringify(ghost.obligations['bank.refund'])),
    ),
  ];

  it('what was armed is owed, and held where it took effect', () => {
    expect(obligations('paying')).toEqual(['{"owed":true,"held":false}']);
    expect(obligations('refunding')).toEqual(['{"owed":true,"held":true}', '{"owed":true,"held":false}']);
  });

  it('an undo that took effect leaves nothing held, yet is owed until it is answered', () => {
    const lost = edges.find(
      ({ from, delivery }) =>
        nodes[from]?.ghost.obligations['bank.refund']?.held === true &&
        delivery.type === 'outcome' &&
        delivery.effect.src === 'bank.refund' &&
        delivery.outcome === 'unknown' &&
        delivery.tookEffect,
    );
    expect(nodes[lost?.to ?? -1]?.ghost.obligations).toEqual({ 'bank.refund': { owed: true, held: false } });
  });

  it('what was undone, refused for good, or settled by a person is owed no more', () => {
    expect(obligations('end')).toEqual(['{"owed":false,"held":false}']);
    const ends = edges.filter(({ to }) => nodes[to]?.row.path === 'end');
    expect([...new Set(ends.map(({ event, to }) => `${event.type}: ${nodes[to]?.ghost.undone.join() ?? ''}`))]).toEqual(
      ['xstate.done.actor.pay: ', 'xstate.done.actor.refund: bank.refund', 'RESOLVE: bank.refund'],
    );
  });

  it('an attempt counts until its effect is done, and one more than is allowed is told from those before', () => {
    const { nodes: tried } = explore(toy(retrying), environment());
    expect([...new Set(tried.map(({ row, ghost }) => `${row.path} ${ghost.attempts['bank.pay'] ?? 0}`))]).toEqual([
      'paying 1',
      'paid 0',
      'declined 0',
      'resting 1',
      'paying 2',
      'resting 2',
      'paying 3',
      'resting 3',
      'paying 4',
      'resting 4',
    ]);
  });
});
