/**
 * No engine at all: what the same writes cost when a process simply does them. They promise less than an engine (sagas wait in
 * memory, nothing is taken up again after a crash), so nobody with more promises on the same statements can be faster.
 */
import type { Engines } from '../engines/engine.ts';
import { batched } from './batched.ts';
import { grouped } from './grouped.ts';
import { transactions } from './transactions.ts';

export const engines: Engines = {
  'floor-tx': transactions,
  'floor-group': grouped,
  'floor-batch50': batched(50),
  'floor-batch200': batched(200),
};
