import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silenceWatch, type SilenceWatch } from '../../src/persistence/silence-watch.ts';

let isThere: boolean;
let probes: number;
let silences: number;
let watch: SilenceWatch;

beforeEach(() => {
  vi.useFakeTimers();
  isThere = true;
  probes = 0;
  silences = 0;
  watch = silenceWatch({
    silentMs: 2_000,
    probe: () => {
      probes += 1;
      return Promise.resolve(isThere);
    },
    onSilent: () => void (silences += 1),
    monotonicMs: () => performance.now(),
  });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

const unanswered = (): void => void watch.follow(new Promise(() => {}));
const seen = () => ({ probes, silences });

test('while nothing is asked, nobody looks', async () => {
  isThere = false;
  expect(await watch.follow(Promise.resolve('answer'))).toBe('answer');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen()).toEqual({ probes: 0, silences: 0 });
});

test('no answer, and none to the probe either: silent, once', async () => {
  isThere = false;
  unanswered();
  unanswered();
  await vi.advanceTimersByTimeAsync(1_999);
  expect(seen()).toEqual({ probes: 0, silences: 0 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen()).toEqual({ probes: 1, silences: 1 });
});

test('a slow statement on a server that is there is left alone, and looked after again', async () => {
  unanswered();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(seen()).toEqual({ probes: 1, silences: 0 });
  isThere = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(seen()).toEqual({ probes: 2, silences: 1 });
});

test('answers to others show that the server is there', async () => {
  isThere = false;
  unanswered();
  for (let n = 0; n < 10; n += 1) {
    await vi.advanceTimersByTimeAsync(1_500);
    watch.heard();
  }
  expect(seen()).toEqual({ probes: 0, silences: 0 });
});

test('an answer that comes while the probe is under way counts', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const slow = silenceWatch({
    silentMs: 2_000,
    probe: () => promise,
    onSilent: () => void (silences += 1),
    monotonicMs: () => performance.now(),
  });
  void slow.follow(new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(2_500);
  slow.heard();
  resolve(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(silences).toBe(0);
  slow.stop();
});
