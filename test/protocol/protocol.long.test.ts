/** The commit protocol, explored further than beside every change: `PROTOCOL_FAULTS=4` goes on for as long as it takes. */
import { expect, it } from 'vitest';
import { bounds } from './bounds.ts';
import { explore } from './explore.ts';

const faults = Number(process.env['PROTOCOL_FAULTS'] ?? 3);
const maxStates = 16_000_000;

it(`keeps its promises under ${faults} faults in one run`, () => {
  const { states, broken } = explore({ ...bounds['no fault'], faults }, null, maxStates);
  process.stdout.write(`${faults} faults: ${states} states\n`);
  expect(broken).toBeNull();
});

it(`keeps its promises under ${faults - 1} faults, whoever cancels`, () => {
  const { states, broken } = explore({ ...bounds.stops, faults: faults - 1 }, null, maxStates);
  process.stdout.write(`${faults - 1} faults and CANCEL: ${states} states\n`);
  expect(broken).toBeNull();
});
