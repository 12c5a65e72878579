import { expect, it } from 'vitest';
import { type ActorMachine, migrationPaths, versionGate } from '../../src/actors/index.ts';
import { toyMachine } from '../support/toys.ts';

const second: ActorMachine = { ...toyMachine('inbox'), version: '2' };
const migration = { machine: 'inbox', from: '1', to: '2' };
const versions = {
  machineOf: (id: string, version: string) => (id === second.id && version === second.version ? second : null),
  migrationOf: migrationPaths([second], [migration]),
};
const gate = (version: string, structureHash = second.structureHash) =>
  versionGate({ machine: 'inbox', version, structureHash }, versions);

it('an actor runs here if its version does, with its structure; else it migrates, or is left', () => {
  expect([gate('2'), gate('2', 'other'), gate('1'), gate('1', 'other'), gate('0')]).toEqual([
    { type: 'runs', machine: second },
    { type: 'lacks', reason: 'v2 has another structure here' },
    { type: 'migrates', path: { steps: [migration], target: second } },
    { type: 'migrates', path: { steps: [migration], target: second } },
    { type: 'lacks', reason: 'not registered, and no migration leads on' },
  ]);
});
