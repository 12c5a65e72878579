/** What is exported is the machine: rebuilt from it, XState sees the same definition. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type AnyStateMachine, createMachine } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import type { Json } from '../../src/actors/index.ts';
import { statelyJson, statelySource } from '../../src/diagrams/stately.ts';
import { machines } from '../../src/machines/index.ts';
import { anyConfig } from './any-config.ts';

const shipped: readonly { id: string; machine: AnyStateMachine }[] = machines.map(({ machine }) => ({
  id: machine.id,
  machine,
}));
const configOf = (machine: AnyStateMachine): Json =>
  JSON.parse(
    JSON.stringify(machine.config, (_key, value: unknown) => (typeof value === 'function' ? `ƒ ${value.name}` : value)),
  ) as Json;
const definitionOf = (machine: AnyStateMachine): unknown => JSON.parse(JSON.stringify(machine.definition));
const build = (config: unknown): AnyStateMachine => createMachine(config as never);

/** Runs each source as a module of its own, in another process. @returns what XState there makes of it */
function definitionsIn(sources: readonly string[]): unknown {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-export-'));
  directories.push(directory);
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'), 'junction');
  sources.forEach((source, index) => writeFileSync(join(directory, `m${index}.mjs`), source));
  const script = `
    const found = [];
    for (let i = 0; i < ${sources.length}; i += 1) found.push((await import('./m' + i + '.mjs')).machine.definition);
    process.stdout.write(JSON.stringify(found));`;
  writeFileSync(join(directory, 'main.mjs'), script);
  return JSON.parse(execFileSync(process.execPath, ['main.mjs'], { cwd: directory, encoding: 'utf8', maxBuffer: 1e8 }));
}

const directories: string[] = [];
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

describe.each(shipped)('the export of $id', ({ machine }) => {
  it('as JSON builds the same machine', () => {
    expect(definitionOf(build(JSON.parse(statelyJson(configOf(machine)))))).toEqual(definitionOf(machine));
  });

  it('holds nothing that a function would have to compute', () => {
    expect(statelyJson(configOf(machine))).not.toMatch(/ƒ|"context"/);
  });

  it('gives Stately’s graph of states and transitions that the machine gives', () => {
    const graph = (it: AnyStateMachine): unknown => JSON.parse(JSON.stringify(toDirectedGraph(it)));
    expect(graph(build(JSON.parse(statelyJson(configOf(machine)))))).toEqual(graph(machine));
  });
});

describe('the source', () => {
  it('runs under Node and builds the same machines', () => {
    const sources = shipped.map(({ machine }) => statelySource(configOf(machine)));
    expect(definitionsIn(sources)).toEqual(shipped.map(({ machine }) => definitionOf(machine)));
  });

  it('builds any machine, whatever its states are called', () => {
    const configs = fc.sample(anyConfig, { numRuns: 20, seed: 1 });
    const expected = configs.map((config) => definitionOf(build(JSON.parse(JSON.stringify(config)))));
    expect(definitionsIn(configs.map(statelySource))).toEqual(expected);
  });

  it('is laid out to be read: names without quotes, functions by name', () => {
    const config = {
      id: "it's",
      context: 'ƒ context',
      entry: ['ƒ cheer', 'ƒ ', { type: 'log', params: 'ƒ params' }],
      initial: 'a-b',
      states: { 'a-b': { tags: [], meta: {}, on: { GO: { guard: 'ƒ check' } } } },
    };
    expect(statelySource(config))
      .toBe(`// The machine it's, for Stately's editor: guards, actions, delays and effects by name.
import { createMachine } from 'xstate';

export const machine = createMachine({
  id: 'it\\'s',
  entry: [
    'cheer',
    'inline',
    {
      type: 'log',
    },
  ],
  initial: 'a-b',
  states: {
    'a-b': {
      tags: [],
      meta: {},
      on: {
        GO: {
          guard: 'check',
        },
      },
    },
  },
});
`);
  });

  it('sets no prototype', () => {
    const config = JSON.parse('{"id":"m","initial":"a","states":{"a":{"meta":{"__proto__":1}}}}') as Json;
    expect(statelySource(config)).toContain(`meta: {\n        ['__proto__']: 1,\n      },`);
  });
});
