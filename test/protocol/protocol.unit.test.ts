/** The commit protocol, explored; and mistakes in it, each of which must show. */
import { describe, expect, it } from 'vitest';
import { bounds } from './bounds.ts';
import { explore } from './explore.ts';
import { type Mistake, mistakes } from './mistakes.ts';

describe('the protocol', () => {
  it.each(['two faults', 'replays and stops'] as const)('keeps its promises within the bounds: %s', (name) => {
    const { states, broken } = explore(bounds[name]);
    expect(broken).toBeNull();
    // Fewer than this, and the model has lost some of what may happen.
    expect(states).toBeGreaterThan(100_000);
  });
});

describe('a mistake in it shows', () => {
  it.each(Object.keys(mistakes) as Mistake[])('%s', (mistake) => {
    const { by, within } = mistakes[mistake];
    const { broken } = explore(bounds[within], mistake);
    expect(broken?.what).toMatch(new RegExp(`^${by}:`, 'u'));
    expect(broken?.trace[0]).toBe('client: POST');
  });

  it('and is told as a shortest way there', () => {
    expect(explore(bounds['one fault'], 'an outcome after the lease is dropped').broken).toEqual({
      what: 'G6: an outcome is dropped while its effect and token are current',
      trace: [
        'client: POST',
        'edge: start',
        'gateway: authorize done',
        'edge: pauses past its lease',
        'edge: reports done',
      ],
    });
  });
});
