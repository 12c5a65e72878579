/** One visit over a scripted commit: what it does about each answer. */
import { expect, test } from 'vitest';
import type { Next, Step } from '../../src/actors/steps.ts';
import { visit, type VisitPorts } from '../../src/actors/visit.ts';
import { virtualProcess } from '../support/virtual-process.ts';

function scripted(answers: readonly Next[]) {
  const steps: Step[] = [];
  const waits: number[] = [];
  const left = [...answers];
  const process = virtualProcess();
  const ports: VisitPorts = {
    async commit(step) {
      steps.push(step);
      const next = left.shift();
      if (!next) throw new Error('one step too many');
      return { answer: { type: 'applied' }, revision: 1, next };
    },
    process: { ...process, delay: async (ms) => void waits.push(ms) },
    remoteEffects: new Map(),
    publish: () => undefined,
    leaseMarginMs: 1_000,
  };
  return { ports, steps, waits };
}

const look: Step = { type: 'advance', actorId: 'a', until: null };

test('an actor that is held is looked at again in a moment: its holder may have looked too early, and need not go on', async () => {
  const { ports, steps, waits } = scripted([{ type: 'busy' }, { type: 'again' }, { type: 'waiting' }]);
  expect(await visit(ports, 'a', null)).toBe('waiting');
  expect(steps).toEqual([look, look, look]);
  expect(waits).toEqual([20]);
});

test('one that stays held is left to its wake row', async () => {
  const { ports, steps, waits } = scripted(Array.from({ length: 4 }, (): Next => ({ type: 'busy' })));
  expect(await visit(ports, 'a', null)).toBe('busy');
  expect(steps).toHaveLength(4);
  expect(waits).toEqual([20, 80, 320]);
});

test('one that another visit of this process is about to look at is left to that one', async () => {
  const { ports, steps } = scripted([{ type: 'joined' }]);
  expect(await visit(ports, 'a', null)).toBe('joined');
  expect(steps).toHaveLength(1);
});
