import { expect, it } from 'vitest';
import { negotiate } from '../../src/http/negotiate.ts';

const offers = ['application/json', 'text/vnd.mermaid', 'image/svg+xml'] as const;

it.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['text/vnd.mermaid', 'text/vnd.mermaid'],
  ['TEXT/Vnd.Mermaid; charset=utf-8', 'text/vnd.mermaid'],
  ['image/*, */*;q=0.8', 'image/svg+xml'],
  ['application/json;q=0.5, image/svg+xml;q=0.9', 'image/svg+xml'],
  ['image/svg+xml, application/json', 'application/json'],
  ['application/json;q=0, */*', 'text/vnd.mermaid'],
  ['text/html', null],
  ['*/*;q=0', null],
  ['image/svg+xml;q=2', null],
  ['image/svg+xml;q=', null],
  [',;,', null],
])('Accept: %j gets %j', (accept, expected) => {
  expect(negotiate(accept, offers)).toBe(expected);
});
