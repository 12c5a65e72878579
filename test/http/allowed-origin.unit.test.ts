import { expect, test } from 'vitest';
import { isAllowedOrigin } from '../../src/http/allowed-origin.ts';

const named = ['https://tools.example.com'];

test.each([
  ['no page at all', undefined, 'waybill.example.com'],
  ['a page of this machine’s server', 'http://localhost:3000', 'localhost:3000'],
  ['a page of a server known by its address', 'http://10.0.0.7:3000', '10.0.0.7:3000'],
  ['the same over IPv6', 'http://[::1]:3000', '[::1]:3000'],
  ['a page that the operator names', 'https://tools.example.com', 'localhost:3000'],
])('%s may connect', (_what, origin, host) => {
  expect(isAllowedOrigin({ origin, host }, named)).toBe(true);
});

test.each([
  ['any other page', 'https://evil.example.com', 'localhost:3000'],
  ['a page of another port', 'http://localhost:4000', 'localhost:3000'],
  ['a page whose name was led to this machine', 'http://evil.example.com:3000', 'evil.example.com:3000'],
  ['a name that begins like an address', 'http://127.0.0.1.evil.example.com', '127.0.0.1.evil.example.com'],
  ['a named host over another scheme', 'http://tools.example.com', 'localhost:3000'],
  ['a page without an origin of its own', 'null', 'localhost:3000'],
  ['no host', 'http://localhost:3000', undefined],
  ['a malformed host', 'http://localhost:3000', '['],
])('%s may not', (_what, origin, host) => {
  expect(isAllowedOrigin({ origin, host }, named)).toBe(false);
});
