/** Who moved, told by Postgres: to whom it is told, and what a broken connection does to that. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { commitFeed, type ListeningFeed } from '../../src/persistence/commit-feed.ts';
import { useRuntime } from '../support/runtime.ts';
import { eventually } from '../support/wait.ts';

const runtime = useRuntime();
const feeds: ListeningFeed[] = [];
const errors: Error[] = [];

const listen = async (url = runtime.url()): Promise<ListeningFeed> => {
  const feed = await commitFeed(url, (error) => void errors.push(error));
  feeds.push(feed);
  return feed;
};
const listeners = async () => {
  const { rows } = await runtime
    .pg()
    .query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'waybill-feed' and datname = current_database()`,
    );
  return rows.map(({ pid }) => pid);
};

afterEach(async () => {
  vi.useRealTimers();
  for (const feed of feeds.splice(0)) await feed.stop();
  errors.length = 0;
  await eventually(async () => (await listeners()).length === 0);
});

describe('the commit feed', () => {
  test('tells of every commit that moved an actor, to those who watch it', async () => {
    const feed = await listen();
    const heard: string[] = [];
    const all: (readonly string[])[] = [];
    feed.subscribe('a', () => void heard.push('a'));
    feed.subscribe('b', () => void heard.push('b'));
    feed.onAny((ids) => void all.push(ids));
    const { system } = runtime.process();
    await Promise.all(['a', 'c'].map((id) => system.start({ machine: 'inbox', id, input: {} })));
    await system.send('a', { type: 'ADD', n: 1 });
    await eventually(() => all.length === 2);
    expect(heard).toEqual(['a', 'a']);
    expect(all).toEqual([['a', 'c'], ['a']]);
  });

  test('says nothing of what moved nobody, or did not commit', async () => {
    const feed = await listen();
    const all: (readonly string[])[] = [];
    feed.onAny((ids) => void all.push(ids));
    const { system } = runtime.process();
    await system.start({ machine: 'trip', id: 'bad', input: { id: 'bad', poison: true } });
    await system.advance('bad');
    await system.advance('bad');
    await system.start({ machine: 'inbox', id: 'last', input: {} });
    await eventually(() => all.length === 2);
    expect(all).toEqual([['bad'], ['last']]);
  });

  test('more actors than a notice can name: everybody is told', async () => {
    const feed = await listen();
    const heard: string[] = [];
    feed.subscribe('watched', () => void heard.push('watched'));
    const { system } = runtime.process({ limits: { maxBatch: 256 } });
    const ids = Array.from({ length: 200 }, (_, n) => `${'x'.repeat(60)}-${n}`);
    await Promise.all(ids.map((id) => system.start({ machine: 'inbox', id, input: {} })));
    await eventually(() => heard.length > 0);
  });

  test('ends a subscription, and only that one', async () => {
    const feed = await listen();
    const heard: string[] = [];
    const end = feed.subscribe('a', () => void heard.push('first'));
    feed.subscribe('a', () => void heard.push('second'));
    end();
    end();
    await runtime.process().system.start({ machine: 'inbox', id: 'a', input: {} });
    await eventually(() => heard.length > 0);
    expect(heard).toEqual(['second']);
  });

  test('asks for no notices while nobody watches, and hears again once somebody does', async () => {
    const said = async () => {
      const { rows } = await runtime
        .pg()
        .query<{ query: string }>(`select query from pg_stat_activity where pid = any($1)`, [await listeners()]);
      return rows.map(({ query }) => query.split(' ')[0]);
    };
    const feed = await listen();
    expect(await said()).toEqual(['listen']);
    await eventually(async () => (await said())[0] === 'unlisten');
    const heard: string[] = [];
    const ends = [feed.subscribe('a', () => void heard.push('a')), feed.onAny(() => void heard.push('any'))];
    await eventually(async () => (await said())[0] === 'listen');
    await runtime.process().system.start({ machine: 'inbox', id: 'a', input: {} });
    await eventually(() => heard.length === 2);
    for (const end of ends) end();
    await eventually(async () => (await said())[0] === 'unlisten');
  });

  test('comes back when its connection is killed', async () => {
    const feed = await listen();
    const heard: string[] = [];
    feed.subscribe('a', () => void heard.push('a'));
    const [pid] = await listeners();
    await runtime.pg().query('select pg_terminate_backend($1)', [pid]);
    await eventually(async () => (await listeners()).some((other) => other !== pid));
    const { system } = runtime.process();
    await system.start({ machine: 'inbox', id: 'a', input: {} });
    await eventually(async () => {
      if (heard.length === 0) await system.send('a', { type: 'ADD', n: 1 });
      return heard.length > 0;
    });
    expect(errors.length).toBeGreaterThan(0);
    expect(await listeners()).toHaveLength(1);
  });

  test('stops for good, also while it is coming back', async () => {
    const feed = await listen();
    // Watched, so that no timer of its own is running.
    feed.subscribe('a', () => {});
    const [pid] = await listeners();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await runtime.pg().query('select pg_terminate_backend($1)', [pid]);
    await eventually(() => errors.length > 0);
    const timers = vi.getTimerCount();
    await feed.stop();
    // Its next attempt is called off; the timers of the test's own pool stay.
    expect(vi.getTimerCount()).toBe(timers - 1);
    expect(await listeners()).toEqual([]);
  });

  test('that cannot begin says so, and does not go on trying behind its caller’s back', async () => {
    const gone = new URL(runtime.url());
    gone.pathname = '/there_is_none';
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await expect(commitFeed(gone.toString(), (error) => void errors.push(error))).rejects.toThrow('does not exist');
    expect(vi.getTimerCount()).toBe(0);
  });
});
