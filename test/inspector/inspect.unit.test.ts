import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ActorMachine, type ActorView, pathOf } from '../../src/actors/index.ts';
import {
  createInspector,
  type InspectionEvent,
  type InspectorPorts,
  type Selection,
} from '../../src/inspector/index.ts';
import { toyMachine, toyMachines } from '../support/toys.ts';
import { type ToldActors, toldActors } from '../support/told-actors.ts';
import { virtualProcess, type VirtualProcess } from '../support/virtual-process.ts';
import { eventually } from '../support/wait.ts';

const pollMs = 1_000;
let process: VirtualProcess;
let actors: ToldActors;
let stopping: AbortController;

beforeEach(() => {
  process = virtualProcess();
  actors = toldActors(toyMachines);
  stopping = new AbortController();
});
afterEach(() => {
  stopping.abort();
});

interface Stream {
  readonly events: readonly InspectionEvent[];
  /** Each event as one word or two. */
  told(): readonly string[];
  readonly ended: Promise<void>;
}

/** Reads in the background. */
function watch(selection: Selection, limits: InspectorPorts['limits'] = {}): Stream {
  const { system, feed } = actors;
  const inspector = createInspector({ system, feed, process, limits: { pollMs, ...limits } });
  const events: InspectionEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const event of inspector.inspect(selection, stopping.signal)) events.push(event);
  };
  return { events, told: () => events.map(word), ended: read() };
}

function word(event: InspectionEvent): string {
  switch (event.type) {
    case '@xstate.actor':
      return `${event.sessionId} is ${pathOf(event.snapshot.value)}`;
    case '@xstate.event':
      return `${event.sessionId} ${event.event.type}`;
    case '@xstate.snapshot':
      return `${event.sessionId} → ${pathOf(event.snapshot.value)}`;
    default:
      return event satisfies never;
  }
}

/** Once it waits for news, it has told everything there was. */
const waits = () => eventually(() => process.waiting() > 0);
const tells = async (stream: Stream, words: readonly string[]): Promise<void> => {
  await eventually(() => stream.told().length >= words.length && process.waiting() > 0);
  expect(stream.told()).toEqual(words);
};

const started = (id: string): string[] => [`${id} is open`, `${id} xstate.init`, `${id} → open`];
const moving: Selection = { type: 'moving', machine: null };
const only = (...ids: string[]): Selection => ({ type: 'actors', ids, follow: false });
const followed = (...ids: string[]): Selection => ({ type: 'actors', ids, follow: true });

describe('the history of named actors', () => {
  it('is told from the first transition, one actor after the other, and then it ends', async () => {
    actors.start('inbox', 'a');
    actors.start('inbox', 'b');
    actors.move('a', { type: 'PARK' });
    const stream = watch(only('a', 'b'));
    await stream.ended;
    expect(stream.told()).toEqual([...started('a'), 'a PARK', 'a → parked', ...started('b')]);
    expect(actors.listeners()).toBe(0);
  });

  it('is told whole, however many transitions it has', async () => {
    actors.start('inbox', 'a');
    for (let n = 0; n < 250; n++) actors.move('a', { type: 'ADD', n });
    const stream = watch(only('a'));
    await stream.ended;
    expect(stream.events.length).toBe(3 + 2 * 250);
    expect(stream.events.map(({ createdAt }) => createdAt).at(-1)).toBe('251');
  });

  it.each([
    [250, 3],
    // What goes beyond 1,000 is not held in memory while the first version is sought, but read again.
    [1_150, 12 + 2],
  ])('of %d transitions, none of them a migration, is read in %d pages', async (transitions, pages) => {
    actors.start('inbox', 'a');
    for (let n = 1; n < transitions; n++) actors.move('a', { type: 'ADD', n });
    const { history } = actors.system;
    let asked = 0;
    const system: InspectorPorts['system'] = {
      ...actors.system,
      history: (id, page) => {
        asked += 1;
        return history(id, page);
      },
    };
    const inspector = createInspector({ system, feed: actors.feed, process });
    const told: string[] = [];
    for await (const { createdAt } of inspector.inspect(only('a'), stopping.signal)) told.push(createdAt);
    expect([told.length, told.at(-1), asked]).toEqual([1 + 2 * transitions, String(transitions), pages]);
  });

  it('when followed, goes on with what the actor does, and ends with it', async () => {
    actors.start('inbox', 'a');
    const stream = watch(followed('a'));
    await tells(stream, started('a'));
    actors.move('a', { type: 'PARK' });
    await tells(stream, [...started('a'), 'a PARK', 'a → parked']);
    actors.move('a', { type: 'RETRY' });
    actors.move('a', { type: 'CLOSE' });
    await stream.ended;
    expect(stream.told().slice(5)).toEqual(['a RETRY', 'a → open', 'a CLOSE', 'a → closed']);
    expect(stream.events.at(-1)).toMatchObject({ snapshot: { status: 'done' } });
    expect(actors.listeners()).toBe(0);
  });

  it('is told of no other actor', async () => {
    actors.start('inbox', 'a');
    const stream = watch(followed('a'));
    await waits();
    actors.start('inbox', 'b');
    actors.move('a', { type: 'CLOSE' });
    await stream.ended;
    expect(stream.told()).toEqual([...started('a'), 'a CLOSE', 'a → closed']);
  });

  it('goes on when a notice was lost: it looks by itself', async () => {
    actors.start('inbox', 'a');
    const stream = watch(followed('a'));
    await waits();
    actors.move('a', { type: 'CLOSE' }, []);
    process.pass(pollMs);
    await stream.ended;
    expect(stream.told().slice(3)).toEqual(['a CLOSE', 'a → closed']);
  });

  it('looks by itself also while the feed never pauses', async () => {
    for (const id of ['a', 'b']) actors.start('inbox', id);
    const stream = watch(followed('a', 'b'));
    await waits();
    actors.move('b', { type: 'PARK' }, []);
    // Whenever it waits, the next notice ends that before the time is up.
    actors.move('a', { type: 'ADD', n: 1 });
    process.pass(pollMs);
    await eventually(() => stream.told().includes('b → parked'));
  });

  it('ends at once when nobody listens any more', async () => {
    actors.start('inbox', 'a');
    const stream = watch(followed('a'));
    await waits();
    stopping.abort();
    await stream.ended;
    expect(actors.listeners()).toBe(0);
  });
});

describe('actors that move', () => {
  it('are told from the state they are first seen in, then transition by transition', async () => {
    for (const id of ['a', 'b']) actors.start('inbox', id);
    const stream = watch(moving);
    await waits();
    actors.move('a', { type: 'ADD', n: 1 });
    await tells(stream, ['a is open']);
    actors.move('a', { type: 'PARK' });
    await tells(stream, ['a is open', 'a PARK', 'a → parked']);
  });

  it('are those of one machine, if asked for', async () => {
    const stream = watch({ type: 'moving', machine: 'talker' });
    await waits();
    actors.start('inbox', 'a');
    await waits();
    actors.start('talker', 't');
    await tells(stream, ['t is listening']);
    actors.move('a', { type: 'PARK' });
    actors.move('t', { type: 'HUSH' });
    await tells(stream, ['t is listening', 't HUSH', 't → silent']);
  });

  it('that have ended are not told again by a late notice', async () => {
    actors.start('inbox', 'a');
    const stream = watch(moving);
    await waits();
    actors.move('a', { type: 'CLOSE' });
    await tells(stream, ['a is closed']);
    actors.start('inbox', 'b');
    actors.move('b', { type: 'PARK' }, ['a', 'b']);
    await tells(stream, ['a is closed', 'b is parked']);
  });

  it('are all looked at when there were too many to name', async () => {
    for (const id of ['a', 'b']) actors.start('inbox', id);
    const stream = watch(moving);
    await waits();
    for (const id of ['a', 'b']) actors.move(id, { type: 'ADD', n: 1 });
    await tells(stream, ['a is open', 'b is open']);
    actors.move('a', { type: 'PARK' }, []);
    actors.move('b', { type: 'PARK' }, ['*']);
    await tells(stream, ['a is open', 'b is open', 'a PARK', 'a → parked', 'b PARK', 'b → parked']);
  });

  it('are no more than the bound at a time; another has a place when one has ended', async () => {
    const stream = watch(moving, { maxActors: 1 });
    await waits();
    actors.start('inbox', 'a');
    await tells(stream, ['a is open']);
    actors.start('inbox', 'b');
    await waits();
    actors.move('a', { type: 'CLOSE' });
    await tells(stream, ['a is open', 'a CLOSE', 'a → closed']);
    actors.move('b', { type: 'PARK' });
    await tells(stream, ['a is open', 'a CLOSE', 'a → closed', 'b is parked']);
  });
});

describe('what cannot be replayed', () => {
  const inbox = toyMachine('inbox');

  it('a version that is not here: paths from the log, and at last what is stored', async () => {
    actors = toldActors([], toyMachines);
    actors.start('inbox', 'a');
    actors.move('a', { type: 'PARK' });
    actors.move('a', { type: 'RETRY' });
    actors.move('a', { type: 'CLOSE' });
    const stream = watch(only('a'));
    await stream.ended;
    expect(stream.told()).toEqual([
      ...started('a'),
      'a PARK',
      'a → parked',
      'a RETRY',
      'a → open',
      'a CLOSE',
      'a → closed',
    ]);
    expect(stream.events[0]).toMatchObject({ definition: '{"id":"inbox"}' });
    expect(stream.events.at(-1)).toMatchObject({ snapshot: { status: 'done' } });
  });

  it.each<[string, (machine: ActorMachine) => ActorMachine]>([
    ['goes elsewhere', (machine) => ({ ...machine, step: (state) => machine.step(state, { type: 'PARK' }) })],
    [
      'throws',
      (machine) => ({
        ...machine,
        step: () => {
          throw new Error('a guard threw');
        },
      }),
    ],
  ])('a machine that %s: where the log says the actor went, not where the machine would', async (_what, change) => {
    actors = toldActors([change(inbox)], [inbox]);
    actors.start('inbox', 'a');
    actors.move('a', { type: 'CALL' });
    actors.move('a', { type: 'ADD', n: 1 });
    const stream = watch(only('a'));
    await stream.ended;
    expect(stream.told()).toEqual([...started('a'), 'a CALL', 'a → calling', 'a ADD', 'a → calling']);
  });

  it('an actor that was migrated: each part by its own version, and the new chart when it came', async () => {
    const second: ActorMachine = { ...inbox, version: '2', config: { id: 'inbox', initial: 'open', new: true } };
    actors = toldActors([inbox, second], [inbox]);
    actors.start('inbox', 'a');
    actors.move('a', { type: 'PARK' });
    const view = await actors.system.read('a');
    actors.rewrite('a', ({ row, log }) => ({
      row: { ...row, version: '2', revision: 3 },
      log: [...log, { ...log[1]!, revision: 3, event: migration(view), from: 'parked', to: 'parked' }],
    }));
    const stream = watch(only('a'));
    await stream.ended;
    expect(stream.told()).toEqual([
      ...started('a'),
      'a PARK',
      'a → parked',
      'a is parked',
      'a actor.migrated',
      'a → parked',
    ]);
    const definitions = stream.events.flatMap((event) => (event.type === '@xstate.actor' ? [event.definition] : []));
    expect(definitions.map((text) => JSON.parse(text).new)).toEqual([undefined, true]);
    expect(stream.events[6]).toMatchObject({ event: { type: 'actor.migrated', from: '1', to: '2' } });
  });
});

const migration = (view: ActorView | null) => ({
  type: 'actor.migrated',
  from: '1',
  to: '2',
  snapshot: { status: 'active', value: view?.snapshot.value ?? '', context: view?.snapshot.context ?? null },
});

describe('who is there', () => {
  it('names the first that is missing', async () => {
    actors.start('inbox', 'a');
    const { system, feed } = actors;
    const inspector = createInspector({ system, feed, process });
    expect([await inspector.missing(['a']), await inspector.missing(['a', 'x', 'y'])]).toEqual([null, 'x']);
  });
});
