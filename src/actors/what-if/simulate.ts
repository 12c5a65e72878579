/** What would happen to a stored actor: a fork of it in memory, moved by the runtime's own rules under a virtual clock. */
import { decide } from '../decide.ts';
import { dryStep } from '../dry-run.ts';
import type { Cause } from '../interpret.ts';
import { jsonDifference } from './json-difference.ts';
import { unparks } from '../operate.ts';
import type { ActorRow, StateView, Timer } from '../ports.ts';
import { matchingEffects, outcomeOf } from './simulated-outcome.ts';
import type { SimulatedStep, SimulatedTransition, Simulation, SimulationOptions } from './simulation.ts';
import { namedTimer, possibleNext, standing } from './standing.ts';
import type { Answer, Step } from '../steps.ts';
import type { WhatIf } from './what-if.ts';
import type { ActorMachine, LiveState } from '../xstate/actor-machine.ts';
import { delayOf } from '../xstate/keys.ts';

/**
 * Brings the inputs to a fork of an actor, one after the other. Writes nothing, calls nothing, waits for nothing: each
 * delivery is judged by the `decide` of a real commit, and what the actor asks for is only told.
 * @param fork as stored; messages that are on their way to it are not looked at
 */
export function simulate(
  machine: ActorMachine,
  fork: ActorRow,
  inputs: readonly WhatIf[],
  options: SimulationOptions,
): Simulation {
  const course = new Course(machine, fork, options);
  for (const [i, input] of inputs.entries()) if (course.stopped === null) course.bring(i, input);
  return {
    start: standing(machine, fork, options.nowMs),
    steps: course.steps,
    end: standing(machine, course.row, course.nowMs),
    stopped: course.stopped,
  };
}

const defaultMaxSteps = 500;
const defaultRandom = 0.5;
type OutcomeInput = WhatIf & { readonly type: 'outcome' };

/** The fork on its way. */
class Course {
  readonly steps: SimulatedStep[] = [];
  stopped: Simulation['stopped'] = null;
  row: ActorRow;
  nowMs: number;
  readonly #machine: ActorMachine;
  readonly #options: SimulationOptions;
  #input = 0;

  constructor(machine: ActorMachine, fork: ActorRow, options: SimulationOptions) {
    this.#machine = machine;
    this.#options = options;
    this.row = fork;
    this.nowMs = options.nowMs;
  }

  bring(number: number, input: WhatIf): void {
    this.#input = number;
    const actorId = this.row.id;
    switch (input.type) {
      case 'event': {
        const { event } = input;
        const step: Step = unparks(this.row, event)
          ? { type: 'unpark', actorId, companion: null }
          : { type: 'send', actorId, event, companion: null };
        return this.#take(event.type, step);
      }
      case 'outcome':
        return this.#settle(input);
      case 'timer':
        return this.#awaitTimer(input.timer);
      case 'wait':
        this.#passTime(this.nowMs + input.durationMs);
        return;
      case 'happy':
        return this.#settleAll();
      default:
        return input satisfies never;
    }
  }

  #settle(input: OutcomeInput): void {
    const text = `${input.effect} ${input.outcome}`;
    const matching = matchingEffects(this.row.effects, input.effect);
    const [effect] = matching;
    if (!effect) return this.#impossible(text, `${input.effect} is not pending`);
    if (matching.length > 1)
      return this.#impossible(text, `say which of ${matching.map(({ invoke }) => invoke).join(', ')}`);
    const likely = this.#options.likelyAnswers(effect, this.row.snapshot.context);
    const outcome = outcomeOf(input, likely);
    if (!outcome) return this.#impossible(text, `no such answer of ${effect.src} is known: give its payload`);
    const { id: effectId, token, invoke } = effect;
    const step: Step = { type: 'outcome', actorId: this.row.id, effectId, token, outcome, until: null };
    const random = input.value?.['random'];
    this.#take(`${invoke} ${input.outcome}`, step, typeof random === 'number' ? random : undefined);
  }

  #settleAll(): void {
    if (this.row.effects.length === 0) return this.#impossible('happy', 'no effect is pending');
    for (let [effect] = this.row.effects; effect && this.stopped === null; [effect] = this.row.effects) {
      this.#settle({ type: 'outcome', effect: effect.id, outcome: 'done', value: null });
      if (this.steps.at(-1)?.type !== 'transition') return;
    }
  }

  #awaitTimer(name: string): void {
    const target = earliest(this.row.timers.filter(({ id }) => id === name || delayOf(id) === name));
    const text = `timer ${name}`;
    if (!target) return this.#impossible(text, 'no such timer is set');
    if (this.#passTime(target.dueAtMs, target) || this.stopped !== null) return;
    const { parked } = this.row;
    this.#impossible(text, parked ? 'a parked actor waits for no timer' : `${this.steps.at(-1)?.text} came before it`);
  }

  /**
   * Every timer fires that comes due on the way, also those that are set on it; with `target`, until that one is gone.
   * @returns whether the target has fired
   */
  #passTime(untilMs: number, target: Timer | null = null): boolean {
    const advance: Step = { type: 'advance', actorId: this.row.id, until: null };
    let due = this.#dueBy(untilMs);
    while (due && this.stopped === null) {
      this.nowMs = Math.max(this.nowMs, due.dueAtMs);
      this.#take(`timer ${delayOf(due.id)}`, advance);
      if (target && !this.row.timers.includes(target)) return due === target;
      due = this.#dueBy(untilMs);
    }
    if (this.stopped === null) this.nowMs = Math.max(this.nowMs, untilMs);
    return false;
  }

  /** A parked actor waits for no timer. */
  #dueBy(untilMs: number): Timer | undefined {
    const next = this.row.parked ? undefined : earliest(this.row.timers);
    return next && next.dueAtMs <= untilMs ? next : undefined;
  }

  /** One step as a commit would take it. */
  #take(text: string, step: Step, random = this.#options.random ?? defaultRandom): void {
    if (this.steps.length >= (this.#options.maxSteps ?? defaultMaxSteps)) {
      this.stopped = 'too many steps';
      return;
    }
    const { action } = decide(step, { row: this.row, wake: null }, null, {
      machineOf: () => this.#machine,
      migrationOf: () => null,
      isRemote: () => true,
      random: () => random,
      nowMs: this.nowMs,
      commitId: '',
    });
    switch (action.type) {
      case 'move':
        return this.#move(text, action.cause, action.state.state);
      case 'rewrite':
        return this.#rewrite(text, step, action.row);
      case 'answer':
        return this.#refuse(text, reasonOf(action.answer));
      case 'nothing':
        return this.#impossible(
          text,
          action.next.type === 'left' ? 'its version is another' : 'the runtime has parked it',
        );
      case 'start':
      case 'local':
      case 'claim':
      case 'migrate':
        throw new Error(`${step.type} is not to end in ${action.type}`);
      default:
        return action satisfies never;
    }
  }

  #move(text: string, cause: Cause, state: LiveState): void {
    const before = this.row;
    try {
      const { step, row, messages } = dryStep(this.#machine, before, cause, this.nowMs, state);
      this.row = row;
      this.steps.push({ ...this.#head(text), ...transitionOf(before, row, cause, step.view), told: messages });
    } catch (error) {
      // As the runtime does with an actor that it cannot move.
      const reason = error instanceof Error ? error.message : String(error);
      this.row = { ...before, parked: { by: 'runtime', reason } };
      this.steps.push({ ...this.#head(text), type: 'parked', reason });
    }
  }

  #rewrite(text: string, step: Step, row: ActorRow): void {
    this.row = row;
    if (step.type === 'unpark') this.steps.push({ ...this.#head(text), type: 'unparked' });
    else if (row.parked) this.steps.push({ ...this.#head(text), type: 'parked', reason: row.parked.reason });
    else this.#refuse(text, 'not accepted');
  }

  #refuse(text: string, reason: string): void {
    const possible = possibleNext(this.#machine, this.row);
    this.steps.push({ ...this.#head(text), type: 'refused', reason, possible });
  }

  #impossible(text: string, reason: string): void {
    const possible = possibleNext(this.#machine, this.row);
    this.steps.push({ ...this.#head(text), type: 'impossible', reason, possible });
    this.stopped = 'impossible';
  }

  #head(text: string) {
    return { input: this.#input, text, atMs: this.nowMs };
  }
}

/** By what is the same object still: what a transition keeps it does not copy. */
function transitionOf(before: ActorRow, after: ActorRow, cause: Cause, to: StateView) {
  return {
    type: 'transition',
    event: cause.event,
    revision: after.revision,
    from: before.path,
    to,
    armed: after.effects.filter((effect) => !before.effects.includes(effect)),
    left: before.effects.filter((effect) => !after.effects.includes(effect) && effect.id !== cause.settled?.id),
    timersSet: after.timers.filter((timer) => !before.timers.includes(timer)).map(namedTimer),
    timersCancelled: before.timers
      .filter((timer) => !after.timers.includes(timer) && timer !== cause.timer)
      .map(namedTimer),
    changes: jsonDifference(before.snapshot.context, after.snapshot.context),
  } satisfies Omit<SimulatedTransition, 'told'>;
}

const earliest = (timers: readonly Timer[]): Timer | undefined => timers.toSorted((a, b) => a.dueAtMs - b.dueAtMs)[0];

function reasonOf(answer: Answer): string {
  const reason = 'detail' in answer ? (answer.detail as { readonly reason?: unknown }).reason : undefined;
  return typeof reason === 'string' ? reason : 'not accepted';
}
