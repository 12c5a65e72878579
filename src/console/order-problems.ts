/** How the routes about one order refuse. */
import type { ProblemInit } from '../http/problems.ts';

export const orderNotFound: ProblemInit = {
  status: 404,
  error: 'order_not_found',
  title: 'There is no such order',
};
