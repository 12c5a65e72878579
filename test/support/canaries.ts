/** What is private in the orders of all tests. No process may ever say it: whoever starts one looks for it in what was said. */

/** Of the customer, unless a test has reasons of its own. */
export const customerEmail = 'canary@example.com';

/** Every token of a test begins like this, since the scenarios of the fake gateway do. `waybill demo` and the welcome name none. */
const isPrivate = /canary|tok_[a-z]/;

/** @returns the lines of it that say something private */
export function privateLines(said: string): string[] {
  return said.split('\n').filter((line) => isPrivate.test(line));
}
