import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachine, initialTransition, setup } from 'xstate';
import { actorMachine, type ActorMachine } from '../../src/actors/index.ts';
import { type App, buildApp } from '../../src/http/app.ts';
import { openApiDocument } from '../../src/http/docs.ts';
import machineRoutes from '../../src/http/machine-routes.ts';
import { effects } from '../../src/machines/effects.ts';
import { orderMachine } from '../../src/machines/index.ts';
import { expectProblem } from './expect-problem.ts';

const light = (states: readonly string[]) =>
  actorMachine(
    setup({}).createMachine({
      id: 'light',
      initial: states[0] ?? '',
      states: Object.fromEntries(states.map((state) => [state, {}])),
    }),
    String(states.length),
  );
const older = light(['off']);
const newest = light(['off', 'on']);
const order = actorMachine(orderMachine, '1');
const occupancy = [{ version: '1', state: 'off', actors: 3 }];

let app: App;
beforeAll(async () => {
  app = await buildApp();
  await app.register(machineRoutes, {
    machines: [older, newest, order],
    countByState: () => Promise.resolve(occupancy),
  });
  await app.ready();
});
afterAll(() => app.close());

const get = (query = '', accept?: string) =>
  app.inject({ url: `/machines/light${query}`, ...(accept === undefined ? {} : { headers: { accept } }) });

const body = ({ config: definition, version }: ActorMachine) => ({
  id: 'light',
  version,
  versions: [older, newest].map(({ version, structureHash }) => ({ version, structure_hash: structureHash })),
  definition,
  occupancy,
});

describe('GET /machines/{id}', () => {
  it('answers with the newest definition and who is where', async () => {
    const answer = await get();
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['vary']]).toEqual([
      200,
      'application/json; charset=utf-8',
      'Accept',
    ]);
    expect(answer.json()).toEqual(body(newest));
  });

  it('answers with the definition of a version', async () => {
    expect((await get('?version=1')).json()).toEqual(body(older));
  });

  it('answers with what createMachine takes: functions by name, and no context, which only one could give', async () => {
    const { definition } = (await app.inject('/machines/order')).json<{ definition: object }>();
    const rebuilt = createMachine(definition);
    expect(JSON.stringify(rebuilt.definition)).toBe(JSON.stringify(orderMachine.definition));
    const [{ context, value }] = initialTransition(rebuilt.provide({ actors: effects }));
    expect([context, value]).toEqual([{}, { authorizing: 'calling' }]);
    expect(JSON.stringify(definition)).not.toContain('ƒ');
  });

  it.each([
    ['?format=mermaid', undefined, 'text/vnd.mermaid; charset=utf-8', /^stateDiagram-v2\n[\s\S]*\n {2}on\n/],
    ['', 'text/vnd.mermaid', 'text/vnd.mermaid; charset=utf-8', /^stateDiagram-v2\n/],
    ['?format=dot', 'application/json', 'text/vnd.graphviz; charset=utf-8', /^digraph "light"/],
    ['', 'text/vnd.graphviz', 'text/vnd.graphviz; charset=utf-8', /^digraph "light"/],
    ['?format=svg', undefined, 'image/svg+xml; charset=utf-8', /^<svg /],
    ['', 'image/avif,image/*,*/*;q=0.8', 'image/svg+xml; charset=utf-8', /^<svg /],
    ['?format=json', 'image/svg+xml', 'application/json; charset=utf-8', /^\{"id":"light"/],
  ])('%s with Accept %s is %s', async (query, accept, type, start) => {
    const answer = await get(query, accept);
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['vary']]).toEqual([200, type, 'Accept']);
    expect(answer.body).toMatch(start);
  });

  it('highlights a state of the version that is drawn', async () => {
    expect((await get('?format=mermaid&state=on')).body).toContain('\n  class on active\n');
    expectProblem(await get('?format=mermaid&state=on&version=1'), 400, 'validation_error');
  });

  it.each([
    ['?version=9', undefined, 404, 'version_not_found'],
    ['?format=png', undefined, 400, 'validation_error'],
    ['?detail=steps', undefined, 400, 'validation_error'],
    ['?state=', undefined, 400, 'validation_error'],
    ['?format=svg&state=', undefined, 400, 'validation_error'],
    ['?format=svg&detail=all', undefined, 400, 'validation_error'],
    ['?colour=red', undefined, 400, 'validation_error'],
    ['', 'text/html', 406, 'not_acceptable'],
  ])('%s with Accept %s is refused: %i %s', async (query, accept, status, error) => {
    expectProblem(await get(query, accept), status, error);
  });

  it('knows no other machine', async () => {
    expectProblem(await app.inject('/machines/nope?format=svg'), 404, 'machine_not_found');
  });

  it('is described with every form that it has', () => {
    const { responses } = openApiDocument(app).paths['/machines/{id}']?.['get'] ?? { responses: {} };
    expect(Object.keys(responses)).toEqual(['200', '400', '404', '406', '503', 'default']);
    expect(Object.keys(responses['200']?.content ?? {})).toEqual([
      'application/json',
      'text/vnd.mermaid',
      'text/vnd.graphviz',
      'image/svg+xml',
    ]);
  });
});
