import { beforeAll, describe, expect, it } from 'vitest';
import { likelyAnswersOf } from '../../src/effects/likely-answers.ts';
import {
  type ActorMachine,
  type ActorView,
  forkOf,
  outcomeOfEvent,
  readWhatIfs,
  replay,
  simulate,
  type TransitionRecord,
} from '../../src/actors/index.ts';
import { useDatabase } from '../support/database.ts';
import { databasePrint } from '../support/database-print.ts';
import { installClock, type StoreClock } from '../support/store-clock.ts';
import { eventually } from '../support/wait.ts';
import { openShop, type Ran, runCommand, type Shop } from './command.ts';

/** An outcome or a timer of a log, as it would be written. */
function written({ event }: TransitionRecord): string {
  const settled = outcomeOfEvent(event);
  const payload = event['output'] ?? event['error'];
  if (settled) return `${settled.invoke} ${settled.outcome} ${JSON.stringify(payload)}`;
  const timer = /^xstate\.after\.([^.]+)\./.exec(event.type)?.[1];
  return timer === undefined ? JSON.stringify(event) : `timer ${timer}`;
}

describe('simulating stored orders', () => {
  const database = useDatabase();
  const orders = { compensated: '', waiting: '', parked: '' };
  let log: readonly TransitionRecord[] = [];
  let seenBackingOff: ActorView | null = null;
  let machine: ActorMachine | undefined;
  let shop: Shop | undefined;

  const waybill = (...argv: string[]): Promise<Ran> => runCommand(database.url(), argv);

  /** Lets backoffs pass as soon as it waits in one. */
  async function until(clock: StoreClock, id: string, state: string): Promise<void> {
    const there = async (): Promise<boolean> => {
      const actor = await open().system.read(id);
      if (actor?.path === state) return true;
      if (actor?.path.endsWith('.backingOff')) {
        seenBackingOff ??= actor;
        await clock.skipBackoffs(id);
      }
      return false;
    };
    await eventually(there, { timeoutMs: 25_000, what: `${id} in ${state}` });
  }

  function open(): Shop {
    if (!shop) throw new Error('the shop is open from beforeAll on');
    return shop;
  }

  beforeAll(async () => {
    const clock = await installClock(database.pg());
    shop = await openShop(database.url(), 'MOUSE');
    shop.work();
    orders.compensated = await shop.order('capture_declined_void_fails_2');
    await until(clock, orders.compensated, 'failed');
    orders.parked = await shop.order('capture_declined_void_fails_9');
    await until(clock, orders.parked, 'compensating.undoingPayment.parked');
    log = await shop.system.history(orders.compensated);
    machine = shop.system.machines.find(({ id }) => id === 'order');
    await shop.close();
    // Accepted by an edge without workers: stands where the next local step is due.
    shop = await openShop(database.url(), 'MOUSE-2');
    orders.waiting = await shop.order('success');
    return () => open().close();
  }, 60_000);

  it('a simulated path is what really happened: states, contexts, effects, and the delays of timers', async () => {
    const fork = await forkOf(open().system, orders.compensated, 1);
    if (fork.type !== 'forked' || !machine) throw new Error('it is there');
    const read = readWhatIfs(log.slice(1).map(written).join('\n'));
    const inputs = read.inputs.map(({ input }) => input);
    const nowMs = log[0]?.atMs ?? 0;
    const { steps, end, stopped } = simulate(machine, fork.row, inputs, {
      nowMs,
      likelyAnswers: likelyAnswersOf('order'),
    });
    expect(stopped).toBeNull();
    expect(
      steps.map((step) =>
        step.type === 'transition'
          ? [step.revision, step.event, step.from, step.to.path, step.armed.map(({ id, src }) => ({ id, src }))]
          : step,
      ),
    ).toEqual(log.slice(1).map(({ revision, event, from, to, armed }) => [revision, event, from, to, armed]));
    expect(steps.filter(({ text }) => text === 'timer backoff')).toHaveLength(2);
    // The context after each step: as the audit finds it by replaying the log.
    let state = null;
    for (const [k, record] of log.entries()) {
      const replayed = replay(machine, state, record.event);
      state = replayed.state;
      const options = { nowMs, likelyAnswers: likelyAnswersOf('order') };
      const upTo = simulate(machine, fork.row, inputs.slice(0, k), options);
      expect(upTo.end.row.snapshot).toEqual(replayed.snapshot);
    }
    const stored = await open().system.read(orders.compensated);
    expect(end.row).toMatchObject({ revision: stored?.revision, snapshot: stored?.snapshot, timers: [], effects: [] });
    // The row that was really stored while it backed off, as one sees it on the way.
    const seen = seenBackingOff;
    if (!seen) throw new Error('it has backed off');
    const at = log[seen.revision - 1]?.atMs ?? 0;
    const step = steps[seen.revision - 2];
    if (step?.type !== 'transition') throw new Error('it was a transition');
    expect(step.timersSet.map(({ id, dueAtMs }) => [id, dueAtMs - step.atMs])).toEqual(
      seen.timers.map(({ id, dueAtMs }) => [id, dueAtMs - at]),
    );
  });

  it('every revision can be forked: the row is the one that was stored then', async () => {
    const seen = seenBackingOff;
    if (!seen || !machine) throw new Error('it has backed off');
    const fork = await forkOf(open().system, orders.compensated, seen.revision);
    if (fork.type !== 'forked') throw new Error('it is there');
    const { state: _state, accepts: _accepts, ...row } = seen;
    expect(fork.row).toEqual(row);
    let state = null;
    for (const record of log) {
      const step = replay(machine, state, record.event);
      state = step.state;
      const one = await forkOf(open().system, orders.compensated, record.revision);
      expect(one).toMatchObject({
        type: 'forked',
        atMs: record.atMs,
        row: { revision: record.revision, snapshot: step.snapshot },
      });
    }
    expect(await forkOf(open().system, orders.compensated, log.length + 1)).toMatchObject({ type: 'no such revision' });
  });

  it('orders simulate: the path as a table, and what may happen next', async () => {
    const events = 'authorize done, happy';
    const told = await waybill('orders', 'simulate', orders.waiting, '--at', '1', '--events', events);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    const lines = told.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^# +EVENT +STATE +STATUS +EFFECTS +TIMERS +TOLD +AT$/);
    expect(lines.slice(1, 3)).toEqual([
      expect.stringMatching(/^0 +\(revision 1\) +authorizing\.calling +AWAITING_AUTHORIZATION +payments\.authorize$/),
      expect.stringMatching(
        /^1 +authorize done +fulfilling\.creatingOrder\.calling +AUTHORIZED +\+orders\.create +\+authorizationExpiry 7 d +\+0 ms$/,
      ),
    ]);
    expect(lines.slice(-5)).toEqual([
      expect.stringMatching(/^6 +commit done +completed +COMPLETED +ORDER_ENDED to order-notice +\+0 ms$/),
      '',
      'Nothing can happen to it any more.',
      '',
      'Nothing was written, sent or called.',
    ]);
  });

  it('orders simulate --json: every step with what changes in the context', async () => {
    const told = await waybill('orders', 'simulate', orders.waiting, '--events', 'CANCEL', '--json');
    expect(told.code).toBe(0);
    expect(told.json()).toMatchObject({
      id: orders.waiting,
      machine: 'order',
      version: '1',
      revision: 2,
      stopped: null,
      steps: [
        {
          input: 0,
          text: 'CANCEL',
          type: 'transition',
          transition: {
            event: { type: 'CANCEL' },
            revision: 3,
            from: 'fulfilling.creatingOrder.calling',
            to: 'fulfilling.creatingOrder.calling',
            status: 'AUTHORIZED',
            effects_armed: [],
            effects_left: [],
            timers_set: [],
            timers_cancelled: [],
            told: [],
            changes: [{ path: '/failure', before: null, after: { code: 'cancelled_by_customer', detail: null } }],
          },
        },
      ],
      end: { revision: 3, accepts: [], effects: [{ effect: 'orders.create' }] },
    });
  });

  it('orders simulate without events: what may happen next', async () => {
    const told = await waybill('orders', 'simulate', orders.waiting);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(
      told.stdout
        .trimEnd()
        .split('\n')
        .slice(2)
        .map((line) => line.replaceAll(/ {2,}/g, ' | ')),
    ).toEqual([
      '',
      'Possible next:',
      ' | CANCEL | accepted here',
      ' | createOrder done|refused|failed|unknown | outcome of orders.create',
      expect.stringMatching(/^ \| timer authorizationExpiry \| due in [67] d$/),
      ' | wait <duration> | as 30s, 15m, 2h or 7d',
      ' | happy | every effect is done',
      '',
      'Nothing was written, sent or called.',
    ]);
  });

  it('what is written wrong, or cannot be, is named with its place and what would be possible there: exit code 2', async () => {
    const possible =
      'CANCEL, createOrder done, createOrder refused, createOrder failed, createOrder unknown, timer authorizationExpiry, wait <duration>, happy';
    const broken = await waybill('orders', 'simulate', orders.waiting, '--events', 'CANCEL, createOrder declined');
    expect(broken).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `waybill: event 2, at character 9: declined is no outcome: an effect is done, refused, failed or unknown; possible there: ${possible.replace('CANCEL, ', '')}\n`,
    });
    const impossible = await waybill('orders', 'simulate', orders.waiting, '--events', 'capture done, happy');
    expect(impossible.code).toBe(2);
    expect(impossible.stdout).toMatch(/^1 +capture done +impossible: capture is not pending/m);
    expect(impossible.stderr).toBe(
      `waybill: event 1, at character 1: capture done: capture is not pending; possible there: ${possible}\n`,
    );
    const json = await waybill('orders', 'simulate', orders.waiting, '--events', 'capture done, happy', '--json');
    expect([json.code, json.stderr, json.json()]).toMatchObject([
      2,
      '',
      { stopped: 'impossible', steps: [{ type: 'impossible' }] },
    ]);
    for (const at of ['0', 'x', '99'])
      expect((await waybill('orders', 'simulate', orders.waiting, '--at', at)).code).toBe(2);
  });

  it('an event that the order would refuse is told: exit code 1', async () => {
    const told = await waybill('orders', 'simulate', orders.compensated, '--events', 'CANCEL');
    expect(told.code).toBe(1);
    expect(told.stderr).toBe('waybill: event 1, at character 1: CANCEL: not accepted; possible there: nothing\n');
    expect(await waybill('orders', 'simulate', 'nobody')).toMatchObject({
      code: 1,
      stderr: 'waybill: there is no order nobody\n',
    });
  });

  it('--dry-run: what an operator’s event would do', async () => {
    const by = ['--by', 'alice', '--why', 'curiosity'];
    const amounts = ['--voided-cents', '2999', '--refunded-cents', '0'];
    const applied: [string[], RegExp][] = [
      [['orders', 'cancel', orders.waiting], /^1 +CANCEL +fulfilling\.creatingOrder\.calling +AUTHORIZED/m],
      [
        ['orders', 'retry', orders.parked],
        /^1 +RETRY +compensating\.undoingPayment\.calling +COMPENSATING +\+payments\.undo/m,
      ],
      [['parked', 'retry', orders.parked, ...by], /^1 +RETRY +compensating\.undoingPayment\.calling/m],
      [
        ['parked', 'resolve', orders.parked, ...by, ...amounts],
        /^1 +RESOLVE +compensating\.releasingStock\.calling +COMPENSATING +\+inventory\.release/m,
      ],
    ];
    for (const [argv, line] of applied) {
      const told = await waybill(...argv, '--dry-run');
      expect(told).toMatchObject({ code: 0, stderr: '' });
      expect(told.stdout).toMatch(line);
      expect(told.stdout).toMatch(/^Nothing was written, sent or called\.$/m);
    }
    const all = await waybill('parked', 'retry', '--all', ...by, '--dry-run', '--json');
    expect([all.code, all.json()]).toMatchObject([
      0,
      [{ id: orders.parked, type: 'would_apply', steps: [{ text: 'RETRY' }] }],
    ]);
  });

  it('--dry-run: refused as it is when the event is sent', async () => {
    const by = ['--by', 'alice', '--why', 'curiosity'];
    const amounts = ['--voided-cents', '2999', '--refunded-cents', '0'];
    const refused = [
      ['orders', 'cancel', orders.compensated],
      ['orders', 'retry', orders.waiting],
      ['parked', 'retry', orders.waiting, 'nobody', ...by],
      ['parked', 'resolve', orders.waiting, ...by, ...amounts],
      ['parked', 'retry', orders.compensated, ...by, '--json'],
    ];
    for (const argv of refused)
      expect(await waybill(...argv, '--dry-run')).toMatchObject({ ...(await outcome(argv)), code: 1 });
  });

  /** Of a command that is refused, and therefore changes nothing. */
  async function outcome(argv: readonly string[]) {
    const { code, stdout, stderr } = await waybill(...argv);
    return { code, stdout, stderr };
  }

  it('nothing of all that writes a single row', async () => {
    const { app } = open();
    const before = await databasePrint(database.pg());
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(['actors.actor', 'actors.transition', 'ledger.entry', 'payments.payment']),
    );
    const by = ['--by', 'alice', '--why', 'curiosity'];
    await waybill('orders', 'simulate', orders.waiting, '--events', 'CANCEL, createOrder done, happy');
    await waybill('orders', 'simulate', orders.parked, '--events', 'RETRY, undoPayment unknown, wait 7d');
    await waybill('orders', 'simulate', orders.compensated, '--at', '3');
    await waybill('orders', 'cancel', orders.waiting, '--dry-run');
    await waybill('orders', 'retry', orders.parked, '--dry-run');
    await waybill('parked', 'retry', '--all', ...by, '--dry-run');
    await waybill(
      'parked',
      'resolve',
      orders.parked,
      ...by,
      '--voided-cents',
      '1',
      '--refunded-cents',
      '0',
      '--dry-run',
    );
    const previewed = await app.inject({
      method: 'POST',
      url: `/actors/${orders.parked}/preview`,
      payload: { type: 'RETRY', by: 'a', why: 'b', then: ['happy'] },
    });
    expect(previewed.statusCode).toBe(200);
    expect(await databasePrint(database.pg())).toEqual(before);
  });

  it('POST /actors/{id}/preview: the event, and what could come of it', async () => {
    const { app } = open();
    const preview = async (id: string, payload: object) => {
      const answer = await app.inject({ method: 'POST', url: `/actors/${id}/preview`, payload });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
    const operator = { by: 'alice', why: 'curiosity' };
    const then = ['undoPayment failed', 'timer backoff', 'happy', 'RETRY', 'undoPayment done', 'happy'];
    const { status, body } = await preview(orders.parked, { type: 'RETRY', ...operator, then });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: orders.parked, machine: 'order', stopped: 'impossible' });
    expect(
      (body['steps'] as { input: number; text: string; type: string; reason?: string }[]).map(
        ({ input, text, type, reason }) => [input, text, type, reason],
      ),
    ).toEqual([
      [0, 'RETRY', 'transition', undefined],
      [1, 'undoPayment failed', 'transition', undefined],
      [2, 'timer backoff', 'transition', undefined],
      [3, 'undoPayment done', 'transition', undefined],
      [3, 'release done', 'transition', undefined],
      [3, 'cancelOrder done', 'transition', undefined],
      [4, 'RETRY', 'refused', 'not accepted'],
      [5, 'undoPayment done', 'impossible', 'undoPayment is not pending'],
    ]);
    const settlement = { voided_cents: 2_999, refunded_cents: 0 };
    expect(await preview(orders.parked, { type: 'RESOLVE', ...operator, settlement })).toMatchObject({
      status: 200,
      body: {
        steps: [
          {
            transition: {
              to: 'compensating.releasingStock.calling',
              changes: expect.arrayContaining([
                {
                  path: '/payment/settlement',
                  before: null,
                  after: { ...operator, voidedCents: 2_999, refundedCents: 0 },
                },
              ]),
            },
          },
        ],
        end: { status: 'COMPENSATING' },
      },
    });
  });

  it('POST /actors/{id}/preview is described, with each answer that it may give', async () => {
    const answer = await open().app.inject({ method: 'GET', url: '/openapi.json' });
    const { paths } = answer.json<{ paths: Record<string, { post?: { operationId: string; responses: object } }> }>();
    const { operationId, responses } = paths['/actors/{id}/preview']?.post ?? {};
    const sibling = Object.keys(paths['/actors/{id}/events']?.post?.responses ?? {});
    expect([operationId, Object.keys(responses ?? {})]).toEqual([
      'previewOperatorEvent',
      sibling.map((status) => (status === '202' ? '200' : status)),
    ]);
  });

  it('POST /actors/{id}/preview is refused as the event itself is', async () => {
    const { app } = open();
    const ask = async (route: string, id: string, payload: object) => {
      const answer = await app.inject({ method: 'POST', url: `/actors/${id}/${route}`, payload });
      const { trace_id: _trace, ...body } = answer.json<Record<string, unknown>>();
      return { status: answer.statusCode, body };
    };
    const operator = { by: 'alice', why: 'curiosity' };
    const refused: [string, object, number][] = [
      [orders.waiting, { type: 'RETRY', ...operator }, 409],
      [orders.parked, { type: 'RESOLVE', ...operator }, 409],
      [orders.compensated, { type: 'CANCEL', ...operator }, 409],
      ['nobody', { type: 'RETRY', ...operator }, 404],
      ['not an id', { type: 'RETRY', ...operator }, 400],
      [orders.parked, { type: 'RETRY', by: 'alice' }, 400],
      [orders.parked, { type: 'RETRY', by: ' ', why: 'x' }, 400],
      [orders.parked, { type: 'xstate.done', ...operator }, 400],
      [orders.parked, { type: 'RESOLVE', ...operator, settlement: { voided_cents: -1, refunded_cents: 0 } }, 400],
      [orders.parked, { type: 'RETRY', ...operator, more: 1 }, 400],
    ];
    for (const [id, payload, status] of refused) {
      const previewed = await ask('preview', encodeURIComponent(id), payload);
      expect(previewed).toEqual(await ask('events', encodeURIComponent(id), payload));
      expect(previewed.status).toBe(status);
    }
    const malformed = await ask('preview', orders.parked, {
      type: 'RETRY',
      ...operator,
      then: ['happy', 'undoPayment declined'],
    });
    expect(malformed).toMatchObject({
      status: 400,
      body: {
        error: 'what_if_malformed',
        detail: 'then[1]: declined is no outcome: an effect is done, refused, failed or unknown.',
      },
    });
    for (const then of [['happy, happy'], [' '], [''], Array(51).fill('happy')])
      expect(await ask('preview', orders.parked, { type: 'RETRY', ...operator, then })).toMatchObject({ status: 400 });
  });
});
