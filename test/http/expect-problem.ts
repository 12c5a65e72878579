/** What every refusal of the app must look like. */
import { expect } from 'vitest';

/** Any answer as far as problems go; `app.inject`'s and `fetch`'s can both be brought into this form. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: unknown };
  readonly body: string;
}

/** Asserts that the answer is a problem of this status and code, complete with trace id; returns its members. */
export function expectProblem(answer: Answer, status: number, error: string): { [member: string]: unknown } {
  const problem: { [member: string]: unknown } = JSON.parse(answer.body);
  expect({ status: answer.statusCode, type: answer.headers['content-type'], error: problem['error'] }).toEqual({
    status,
    type: 'application/problem+json',
    error,
  });
  expect(problem).toMatchObject({
    type: `urn:waybill:problem:${error}`,
    title: expect.stringMatching(/./),
    status,
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  return problem;
}
