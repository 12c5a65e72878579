/** Restate: a workflow per order with `ctx.run` per step, and the same saga as an XState machine by its own binding. */
import http from 'node:http';
import http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import * as restate from '@restatedev/restate-sdk';
import { xstate } from '@restatedev/xstate';
import { fromPromise } from '@restatedev/xstate/promise';
import { setup } from 'xstate';
import type { Order } from '../business/orders.ts';
import { PaymentDeclined, type StepName, steps } from '../business/steps.ts';
import { openStepPool } from '../business/transaction.ts';
import type { Engine, Engines, EngineSettings, OnDone } from '../engines/engine.ts';
import { restatePorts, startRestate } from './restate-server.ts';

type Pool = ReturnType<typeof openStepPool>;
type Service = NonNullable<Parameters<typeof restate.createEndpointHandler>[0]['services']>[number];

const registerTries = 50;
const retryMs = 200;
const submitConnections = 64;

interface Served {
  readonly about: string;
  readonly service: (pool: Pool, onDone: OnDone) => Service;
  readonly request: (order: Order) => { readonly path: string; readonly body: unknown };
  readonly share: number;
}

const served = ({ about, service, request, share }: Served): Engine => ({
  about,
  processes: 'two',
  redis: 'never',
  share,
  servers: startRestate,
  register,
  async worker(settings, onDone) {
    const { handlers } = await restatePorts(settings);
    const pool = openStepPool(settings.databaseUrl);
    const handler = restate.createEndpointHandler({ services: [service(pool, onDone)] });
    const server = http2.createServer(handler);
    await new Promise<void>((listening) => server.listen(handlers, '127.0.0.1', listening));
    return {
      async stop() {
        // The server keeps its connections; whoever ends it ends them.
        server.close();
        await pool.end();
      },
    };
  },
  async submitter(settings) {
    const { ingress } = await restatePorts(settings);
    const agent = new http.Agent({ keepAlive: true, maxSockets: submitConnections });
    return {
      submit: (order) => post(agent, ingress, request(order)),
      stop: () => Promise.resolve(agent.destroy()),
    };
  },
});

async function register(settings: EngineSettings): Promise<void> {
  const { admin, handlers } = await restatePorts(settings);
  const body = JSON.stringify({ uri: `http://127.0.0.1:${handlers}`, force: true });
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (answer.ok) return;
    if (tries === registerTries)
      throw new Error(`restate takes no deployment: ${answer.status} ${await answer.text()}`);
    await sleep(retryMs);
  }
}

function post(agent: http.Agent, port: number, { path, body }: ReturnType<Served['request']>): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const call = http.request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      answer.on('end', () => (statusCode < 300 ? resolve() : reject(new Error(`restate answers ${statusCode}`))));
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}

const workflow = (pool: Pool, onDone: OnDone) =>
  restate.workflow({
    name: 'OrderSaga',
    handlers: {
      run: async (context: restate.WorkflowContext, order: Order): Promise<string> => {
        const step = (name: StepName): Promise<void> =>
          context.run(name, () => definite(() => steps[name](pool, order)));
        await step('createOrder');
        await step('reserve');
        try {
          await step('capture');
        } catch (error) {
          if (!(error instanceof restate.TerminalError)) throw error;
          await step('release');
          await step('cancel');
          onDone(order.orderId);
          return 'cancelled';
        }
        await step('confirm');
        onDone(order.orderId);
        return 'confirmed';
      },
    },
  });

/** A refusal is no failure, which would be tried again. */
async function definite(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    throw error instanceof PaymentDeclined ? new restate.TerminalError(error.message) : error;
  }
}

type Context = { readonly context: { readonly order: Order } };

const machine = (pool: Pool, onDone: OnDone) => {
  const actor = (name: StepName) => fromPromise(({ input }: { input: Order }) => steps[name](pool, input));
  const last = (name: StepName) =>
    fromPromise(async ({ input }: { input: Order }) => {
      await steps[name](pool, input);
      onDone(input.orderId);
    });
  const input = ({ context }: Context): Order => context.order;
  const definition = setup({
    types: { context: {} as Context['context'], input: {} as Order },
    actors: {
      createOrder: actor('createOrder'),
      reserve: actor('reserve'),
      capture: actor('capture'),
      release: actor('release'),
      confirm: last('confirm'),
      cancel: last('cancel'),
    },
  }).createMachine({
    id: 'orderMachine',
    context: ({ input: order }) => ({ order }),
    initial: 'creating',
    states: {
      creating: { invoke: { src: 'createOrder', input, onDone: 'reserving' } },
      reserving: { invoke: { src: 'reserve', input, onDone: 'capturing' } },
      capturing: { invoke: { src: 'capture', input, onDone: 'confirming', onError: 'releasing' } },
      confirming: { invoke: { src: 'confirm', input, onDone: 'confirmed' } },
      releasing: { invoke: { src: 'release', input, onDone: 'cancelling' } },
      cancelling: { invoke: { src: 'cancel', input, onDone: 'cancelled' } },
      confirmed: { type: 'final' },
      cancelled: { type: 'final' },
    },
  });
  return xstate('orderMachine', definition);
};

export const engines: Engines = {
  restate: served({
    about: 'Restate: a workflow per order, ctx.run per step',
    service: workflow,
    request: (order) => ({ path: `/OrderSaga/${order.orderId}/run/send`, body: order }),
    share: 0.3,
  }),
  'restate-xstate': served({
    about: 'Restate’s XState binding: a machine per order, a promise actor per step',
    service: machine,
    request: (order) => ({ path: `/orderMachine/${order.orderId}/create/send`, body: { input: order } }),
    share: 0.1,
  }),
};
