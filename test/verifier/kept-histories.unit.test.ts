import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, assign } from 'xstate';
import { actorMachine } from '../../src/actors/index.ts';
import { readKept } from '../../src/cli/machines/kept-files.ts';
import { machines } from '../../src/machines/index.ts';
import { checkKept, explore, keepHistories, parseKept, printKept } from '../../src/verifier/index.ts';
import { parcel, parcelEnvironment, type ParcelParts } from './parcel.ts';
import { type Chart, copyOf, plant } from './plant.ts';

const kept = keepHistories(parcel(), parcelEnvironment, explore(parcel(), parcelEnvironment));
const { structureHash } = parcel();

describe('kept histories', () => {
  it('say of each step where it led, and all that the runtime stored and did', () => {
    const failed = { type: 'failed', code: 'was_failed', message: 'kept', random: 0.25 };
    const unknown = { type: 'unknown', code: 'was_unknown', message: 'kept', random: 0.75 };
    const armed = { send: { src: 'courier.send', input: { grams: 250 }, timeoutMs: 5_000 } };
    const timer = 'xstate.after.wait.parcel.backingOff';
    const [backingOff, lost] = [
      { to: 'backingOff', context: { '/attempts': 1 }, timers: { [timer]: 100 }, accepts: ['CANCEL'] },
      { to: 'lost', status: 'done', context: { '/attempts': 2 } },
    ];
    const done = { type: 'xstate.done.actor.send', actorId: 'send', output: { tracking: 'p-1', type: 'done' } };
    const told = [{ machine: 'customer', id: 'ada', event: { type: 'SENT' } }];
    const error = { type: 'xstate.error.actor.send', actorId: 'send' };
    const cancel = { type: 'CANCEL', why: 'no longer wanted' };
    expect(kept).toEqual({
      machine: 'parcel',
      version: '1',
      structureHash,
      offered: { CANCEL: cancel, 'CANCEL without payload': { type: 'CANCEL' } },
      steps: [
        { event: { type: 'xstate.init', input: null }, to: 'sending', context: { '/attempts': 0 }, armed },
        { event: done, to: 'sent', status: 'done', told },
        { event: { ...error, error: unknown }, ...backingOff },
        { event: cancel, to: 'lost', status: 'done', cancelled: [timer] },
        { event: { ...error, error: failed }, ...backingOff },
        { event: { type: timer }, to: 'sending', armed },
        { event: { ...error, error: failed }, ...lost },
        { event: { ...error, error: unknown }, ...lost },
      ],
      histories: [
        { name: 'send → done', steps: [0, 1] },
        { name: 'send → unknown; CANCEL', steps: [0, 2, 3] },
        { name: 'send → failed; timer wait', steps: [0, 4, 5, 6] },
        { name: 'send → unknown, but it took effect', steps: [0, 4, 5, 7] },
        { name: 'send → unknown, but it took effect; send → done', steps: [0, 2, 5, 1] },
        { name: 'send → unknown', steps: [0, 2, 5, 7] },
      ],
    });
  });

  it('survive their file', () => {
    const text = printKept(kept);
    expect(parseKept(text)).toEqual(kept);
    expect(() => parseKept(text.replace('"parcel"', '17'))).toThrow('these are no kept histories');
    expect(() => parseKept('null')).toThrow('these are no kept histories');
  });

  it('replay on the machine as it was, told otherwise or not', () => {
    const clean = { findings: [], hints: [], histories: 6, steps: 21 };
    expect(checkKept([parcel()], [kept])).toEqual(clean);
    expect(checkKept([parcel({ description: 'told otherwise' })], [kept])).toEqual(clean);
  });

  it('are not made of a machine that was not seen to its end', () => {
    const capped = explore(parcel(), parcelEnvironment, { maxNodes: 2 });
    expect(() => keepHistories(parcel(), parcelEnvironment, capped)).toThrow('parcel was not explored to its end');
  });
});

describe('found without a new version: a changed', () => {
  const found = (changed: Partial<ParcelParts>): object[] =>
    checkKept([parcel(changed)], [kept]).findings.map(({ property, message, path }) => [property, message, path]);
  const uncertain = ['start ⇒ sending', 'send → unknown ⇒ backingOff'];

  it.each<[what: string, changed: Partial<ParcelParts>, message: string, path: readonly string[]]>([
    [
      'guard',
      { maxAttempts: 1 },
      'history “send → unknown; CANCEL”, step 2, as in 4 more: expected backingOff, got lost',
      ['start ⇒ sending', 'send → unknown ⇒ lost'],
    ],
    [
      'guard of an event from outside',
      { cancels: 'always' },
      'history “send → unknown; CANCEL”, step 2, as in 4 more: backingOff as before, but accepted events: expected CANCEL, got CANCEL, CANCEL without payload',
      uncertain,
    ],
    [
      'assign',
      { countedBy: 3 },
      'history “send → unknown; CANCEL”, step 2, as in 4 more: backingOff as before, but context /attempts: expected 1, got 3; timer wait in ms: expected 100, got 300',
      uncertain,
    ],
    [
      'delay',
      { waitMs: 90 },
      'history “send → unknown; CANCEL”, step 2, as in 4 more: backingOff as before, but timer wait in ms: expected 100, got 90',
      uncertain,
    ],
    [
      'input of an effect',
      { grams: 300 },
      'history “send → done”, step 1, as in 5 more: sending as before, but effect send /input/grams: expected 250, got 300',
      ['start ⇒ sending'],
    ],
    [
      'message, by the function that makes it',
      { toldTo: 'bob' },
      'history “send → done”, step 2, as in 1 more: sent as before, but message 1 /id: expected ada, got bob',
      ['start ⇒ sending', 'send → done ⇒ sent'],
    ],
    [
      'assign that throws',
      { countedBy: NaN },
      'history “send → unknown; CANCEL”, step 2, as in 4 more: expected backingOff, got: NaN is no count',
      ['start ⇒ sending', 'send → unknown ⇒ ✗'],
    ],
  ])('%s', (_, changed, message, path) => {
    expect(found(changed)).toEqual([['behaviour-kept', message, path]]);
  });

  it.each<[what: string, changed: Partial<ParcelParts>]>([
    ['set of states', { extraState: true }],
    // The hash covers all of `meta`; by the same hash the runtime tells whose actors are its own.
    ['expected duration', { expectedMs: 2_000 }],
  ])('%s', (_, changed) => {
    const now = parcel(changed).structureHash;
    expect(found(changed)).toEqual([['structure-kept', `its structure was ${structureHash} and is ${now}`, []]]);
  });

  it('timeout: by the structure, and by what it does', () => {
    const now = parcel({ timeoutMs: 6_000 }).structureHash;
    expect(found({ timeoutMs: 6_000 })).toEqual([
      ['structure-kept', `its structure was ${structureHash} and is ${now}`, []],
      [
        'behaviour-kept',
        'history “send → done”, step 1, as in 5 more: sending as before, but effect send /timeoutMs: expected 5000, got 6000',
        ['start ⇒ sending'],
      ],
    ]);
  });
});

describe('a new version', () => {
  it('is found as long as nothing is kept of it', () => {
    const verdict = checkKept([parcel(), parcel({ version: '2', waitMs: 90 })], [kept]);
    expect(verdict.findings).toEqual([
      {
        machine: 'parcel',
        version: '2',
        property: 'histories-kept',
        promise: 'what every listed version does is kept',
        message: 'nothing is kept of it: run `waybill machines keep`',
        path: [],
      },
    ]);
  });

  it('leaves the old one’s histories: a hint once that is no longer listed', () => {
    const now = parcel({ version: '2', waitMs: 90 });
    const keptNow = keepHistories(now, parcelEnvironment, explore(now, parcelEnvironment));
    expect(checkKept([now], [kept, keptNow])).toEqual({
      findings: [],
      hints: ['parcel v1 is kept but not listed: delete its file once no actor is on it'],
      histories: 6,
      steps: 21,
    });
  });
});

describe('the shipped machines', async () => {
  const keptOnes = await readKept();
  const all = machines.map(({ machine, version }) => actorMachine(machine, version));

  it('do what was kept of them', () => {
    expect(checkKept(all, keptOnes)).toMatchObject({ findings: [], hints: [] });
  });

  it.each(machines)(
    '$machine.id: the file is what would be kept now',
    ({ machine: chart, version, environment }) => {
      const machine = actorMachine(chart, version);
      const fresh = keepHistories(machine, environment, explore(machine, environment));
      expect(keptOnes.find((it) => it.machine === machine.id && it.version === version)).toEqual(fresh);
    },
    60_000,
  );

  /** Another function under the same name leaves the structure as it is. @returns machine, name, change */
  const changes = machines.flatMap(({ machine }): Change[] => {
    const { guards, actions, delays } = chartParts(machine);
    return [
      ...guards.map((name): Change => ({ machine, name, change: (chart) => negate(chart, name) })),
      ...actions.map((name): Change => ({ machine, name, change: ({ actions: all }) => (all[name] = assign({})) })),
      ...delays.map((name): Change => ({ machine, name, change: ({ delays: all }) => (all[name] = 17) })),
    ];
  });

  it.each(changes)('$machine.id: another $name is found', ({ machine, change }) => {
    const { structureHash: copied } = actorMachine(copyOf(machine), '1');
    const ofCopy = keptOnes.filter((it) => it.machine === machine.id).map((it) => ({ ...it, structureHash: copied }));
    const { findings } = checkKept([actorMachine(plant(machine, change), '1')], ofCopy);
    expect([...new Set(findings.map(({ property }) => property))]).toEqual(['behaviour-kept']);
  });
});

interface Change {
  readonly machine: AnyStateMachine;
  readonly name: string;
  readonly change: (chart: Chart) => void;
}

function chartParts({ implementations }: AnyStateMachine): Record<'guards' | 'actions' | 'delays', string[]> {
  const { guards, actions, delays } = implementations;
  return {
    guards: Object.keys(guards),
    // What it is to send is told by whoever enqueues it.
    actions: Object.keys(actions).filter((name) => name !== 'tell'),
    delays: Object.keys(delays),
  };
}

function negate({ guards }: Chart, name: string): void {
  const guard = guards[name];
  if (typeof guard !== 'function') throw new Error(`${name} is no function`);
  guards[name] = (args, params) => !guard(args, params);
}
