/** The definitions as data: Stately's tools and `GET /machines` show them as JSON, so nothing may hide in a closure. */
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, createMachine, initialTransition } from 'xstate';
import { effects } from '../../src/machines/effects.ts';
import { machines, orderMachine, orderNoticeMachine } from '../../src/machines/index.ts';
import { input } from './order-fixture.ts';

interface Node {
  readonly id: string;
  readonly states: Record<string, Node>;
  readonly invoke: readonly { readonly id: string; readonly src: unknown }[];
  readonly meta?: Record<string, unknown>;
}

function nodesOf(node: Node): Node[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function functionsIn(value: unknown, path: string): string[] {
  if (typeof value === 'function') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => functionsIn(child, path === '' ? key : `${path}.${key}`));
}

describe('the machines', () => {
  it('are listed with the version they declare', () => {
    expect(machines.map(({ machine, version }) => [machine.id, machine.version, version])).toEqual([
      ['order', '1', '1'],
      ['order-notice', '1', '1'],
    ]);
  });
});

describe.each<{ name: string; machine: AnyStateMachine }>([
  { name: 'order', machine: orderMachine },
  { name: 'order-notice', machine: orderNoticeMachine },
])('$name', ({ machine }) => {
  const rebuilt: AnyStateMachine = createMachine(JSON.parse(JSON.stringify(machine.config)));

  it('names all guards, actions and delays; only the context and the inputs of effects are functions', () => {
    const unexpected = functionsIn(machine.config, '').filter(
      (path) => path !== 'context' && !path.endsWith('.invoke.input'),
    );
    expect(unexpected).toEqual([]);
  });

  it('survives JSON: createMachine rebuilds the same states, transitions, tags and meta', () => {
    const plain = (it: AnyStateMachine): unknown => JSON.parse(JSON.stringify(it.definition));
    expect(nodesOf(rebuilt.root).map(({ id }) => id)).toEqual(nodesOf(machine.root).map(({ id }) => id));
    expect(plain(rebuilt)).toEqual(plain(machine));
  });

  it('has an implementation for every guard, action and delay it names, and no other', () => {
    const text = JSON.stringify(machine.config);
    const { guards, actions, delays } = machine.implementations;
    const names = [...Object.keys(guards), ...Object.keys(actions), ...Object.keys(delays)];
    expect(names.filter((name) => name !== 'tell' && !text.includes(`"${name}"`))).toEqual([]);
    const { states } = machine.config;
    const used = [...JSON.stringify(states).matchAll(/"guard":(?:\{"type":)?"(\w+)"/gu)].map(([, name]) => name);
    expect(used.filter((name) => name !== undefined && !(name in guards))).toEqual([]);
  });

  it('says of every effect, on the state that waits for it, its name and how long a call may take', () => {
    const invoking = nodesOf(machine.root).filter(({ invoke }) => invoke.length > 0);
    expect(invoking.length).toBeGreaterThan(0);
    for (const { id, invoke, meta } of invoking) {
      expect([id, invoke.map(({ src }) => src)]).toEqual([id, [meta?.['effect']]]);
      const effect = String(meta?.['effect']);
      expect(Object.keys(effects)).toContain(effect);
      expect([effect, meta?.['timeoutMs']]).toEqual([effect, effect.startsWith('payments.') ? 5_000 : 3_000]);
    }
  });

  it('invokes each effect in one state only, under an id of its own', () => {
    const invokes = nodesOf(machine.root).flatMap(({ invoke }) => invoke);
    expect(new Set(invokes.map(({ id }) => id)).size).toBe(invokes.length);
    expect(new Set(invokes.map(({ src }) => src)).size).toBe(invokes.length);
  });
});

describe('the order saga', () => {
  it('declares which effect undoes which, and its pivot', () => {
    const nodes = nodesOf(orderMachine.root);
    const undone = nodes.flatMap(({ meta }) => (meta?.['undo'] ? [[meta['effect'], meta['undo']]] : []));
    expect(undone).toEqual([
      ['payments.authorize', 'payments.undo'],
      ['orders.create', 'orders.cancel'],
      ['inventory.reserve', 'inventory.release'],
      ['payments.capture', 'payments.undo'],
    ]);
    expect(nodes.filter(({ meta }) => meta?.['pivot']).map(({ id }) => id)).toEqual(['order.confirmingOrder']);
  });

  it('keeps nothing of its input but what it needs', () => {
    const items = input.items.map((item) => ({ ...item, giftNote: 'for Ada' }));
    const padded = { ...input, items, email: 'test@example.com', token: 'tok_visa_success' };
    const [snapshot] = initialTransition(orderMachine, padded);
    expect(snapshot.context).toMatchObject(input);
    expect(JSON.stringify(snapshot.context)).not.toMatch(/email|token|giftNote/u);
  });

  it('begins without input too: XState 5 starts a throw-away actor so behind every pure transition', () => {
    const logic: AnyStateMachine = orderMachine;
    const [snapshot] = initialTransition(logic);
    expect([snapshot.status, snapshot.value]).toEqual(['active', { authorizing: 'calling' }]);
  });
});
