import { expect, it } from 'vitest';
import { hottest } from '../../bench/profile.ts';

const node = (id: number, functionName: string, url: string, lineNumber = 9) => ({
  id,
  callFrame: { functionName, url, lineNumber },
});

it('the hottest functions: by the time in themselves, without the time in which nothing was done', () => {
  const profile = {
    nodes: [
      node(1, '(idle)', ''),
      node(2, 'commit', 'file:///somewhere/project/src/actors/group-commit.ts'),
      node(3, '', 'file:///somewhere/project/node_modules/pg/lib/client.js'),
      node(4, '(garbage collector)', ''),
      node(5, 'commit', 'file:///somewhere/project/src/actors/group-commit.ts'),
    ],
    samples: [1, 2, 3, 5, 4, 2],
    timeDeltas: [50_000, 4_000, 3_000, 1_000, 1_000, 1_000],
  };
  expect(hottest(profile, 2)).toEqual({
    busyMs: 10,
    functions: [
      { name: 'commit src/actors/group-commit.ts:10', selfMs: 6, percent: 60 },
      { name: '(anonymous) pg/lib/client.js:10', selfMs: 3, percent: 30 },
    ],
  });
});
