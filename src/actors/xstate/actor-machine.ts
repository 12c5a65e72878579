/**
 * XState's machines as the runtime sees them: pure steps over persisted snapshots, each with what it asks for in order
 * (effects to arm, timers, messages). All knowledge of how XState encodes actions, events and snapshots is in this folder.
 * Source: xstate 5.33 (the SCXML order of exit before entry actions).
 */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { plainJson } from '../plain-json.ts';
import type { ActorEvent, Json, PersistedSnapshot, StateView } from '../ports.ts';
import { structureHash } from '../structure-hash.ts';
import { type MachineAction, toActions } from './actions.ts';
import { type ChartState, type ChartTransition, chartOf } from './chart.ts';
import { type Computed, computeStart, computeStep } from './compute.ts';
import { type Configuration, configurations } from './configuration.ts';
import { enter, type Placement } from './enter.ts';
import { inputOf } from './events.ts';
import { isOwnKey } from './keys.ts';
import { mergedMeta } from './merged-meta.ts';
import { restorer, toPersisted } from './snapshots.ts';
import { traceStart, traceStep } from './trace.ts';

/** A machine's state in memory. Opaque: only the files beside this one look inside. */
export type LiveState = AnyMachineSnapshot;

export interface MachineStep {
  readonly state: LiveState;
  readonly snapshot: PersistedSnapshot;
  readonly view: StateView;
  readonly actions: readonly MachineAction[];
  /** Invokes of the states that are active now: a pending effect of any other has been left. */
  readonly invokes: ReadonlyMap<string, string>;
}

export interface TracedStep extends MachineStep {
  /** Ids of the chart's transitions in the order they were taken, `always` ones included. */
  readonly taken: readonly string[];
}

/** A machine as the runtime uses it: pure functions over persisted snapshots. */
export interface ActorMachine {
  readonly id: string;
  readonly version: string;
  /** SHA-256 of the machine's structure: states, transitions, names of guards and actions, delays, tags, meta. */
  readonly structureHash: string;
  readonly config: Json;
  /** Names of all effects it may ask for. */
  readonly effects: readonly string[];
  /** What its chart declares, in document order. */
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
  start(input: Json): MachineStep;
  /** @throws RehydrationError */
  rehydrate(snapshot: PersistedSnapshot): MachineStep;
  /**
   * Puts an actor into states without a transition: the actions arm all of their invokes and set all of their timers. The
   * machine's own entry actions do not run.
   * @throws when a state is not there, two exclude each other, or the machine would go on from there by itself
   */
  enter(placement: Placement): MachineStep;
  /** @throws whatever a guard or an assign throws */
  step(state: LiveState, event: ActorEvent): MachineStep;
  /** The same as `start` (`state` is null) and `step`, telling also what was taken. For exploring: slower. */
  trace(state: LiveState | null, event: ActorEvent): TracedStep;
  accepts(state: LiveState, event: ActorEvent): boolean;
  /**
   * Event types of the machine's own (no outcomes, no timers) that would be accepted now. One whose guard wants to see a
   * payload cannot be asked for by its type: the state names it in `meta.accepts`.
   */
  acceptedEvents(state: LiveState): readonly string[];
}

/** @param version changes whenever the structure, a guard or an assign does; actors stay on theirs */
export function actorMachine(definition: AnyStateMachine, version: string): ActorMachine {
  const machine = bounded(definition);
  const invokes = invokesOf(machine.root);
  const config = plainJson(machine.config);
  const chart = chartOf(machine);
  const restore = restorer(machine);
  const configurationOf = configurations();
  const stepOf = (computed: Computed): MachineStep => toStep(invokes, configurationOf, computed);
  return {
    id: machine.id,
    version,
    structureHash: structureHash(config),
    config,
    effects: effectsOf(machine.root),
    states: chart.states,
    transitions: chart.transitions,
    start: (input) => stepOf(computeStart(machine, input)),
    rehydrate: (snapshot) => {
      const state = restore(snapshot);
      return { state, snapshot, actions: [], ...configurationOf(state) };
    },
    enter: (placement) => stepOf(enter(machine, placement)),
    step: (state, event) => stepOf(computeStep(machine, state, event)),
    trace: (state, event) => {
      const traced = state ? traceStep(machine, state, event) : traceStart(machine, inputOf(event));
      return {
        ...stepOf(traced),
        taken: traced.transitions.flatMap((transition) => chart.idOf(transition) ?? []),
      };
    },
    accepts: (state, event) => state.can(event),
    acceptedEvents: (state) => acceptedEvents(machine, state),
  };
}

function toStep(
  known: ReadonlySet<string>,
  configurationOf: (state: LiveState) => Configuration,
  { state, actions }: Computed,
): MachineStep {
  if (state.status === 'error') {
    const reason = state.error instanceof Error ? state.error.message : String(state.error);
    throw new Error(`the machine failed: ${reason}`);
  }
  const nodes = state._nodes as readonly AnyStateNode[];
  return {
    state,
    snapshot: toPersisted(state),
    actions: actions.flatMap((action) => toActions(action, nodes, known)),
    ...configurationOf(state),
  };
}

function effectsOf(node: AnyStateNode): string[] {
  const own = node.invoke.map(({ src }) =>
    typeof src === 'string' ? src : `${node.id} invokes something without a name`,
  );
  return [...new Set([...own, ...Object.values(node.states).flatMap(effectsOf)])];
}

function acceptedEvents(machine: AnyStateMachine, state: LiveState): string[] {
  if (state.status !== 'active') return [];
  const declared = mergedMeta(state._nodes as readonly AnyStateNode[])['accepts'];
  const withPayload = Array.isArray(declared) ? declared.map(String) : [];
  // `AnyStateMachine` forgets that they are strings.
  const types: readonly string[] = machine.events;
  return types.filter((type) => !isOwnKey(type) && (withPayload.includes(type) || canByType(state, type)));
}

function canByType(state: LiveState, type: string): boolean {
  try {
    return state.can({ type });
  } catch {
    // Its guard trips over the missing payload. That says nothing of the state's other events.
    return false;
  }
}

/** XState lets a circle of `always` run for ever, and with it every process that meets the actor. */
const maxMicrosteps = 1_000;

function bounded(definition: AnyStateMachine): AnyStateMachine {
  const machine = definition.provide({});
  machine.options = {
    ...machine.options,
    maxIterations: Math.min(maxMicrosteps, machine.options.maxIterations ?? Infinity),
  };
  return machine;
}

/** Ids of all invokes of a machine: whatever else is spawned could not be found again after a crash. */
function invokesOf(node: AnyStateNode): Set<string> {
  return new Set([
    ...node.invoke.map(({ id }) => id),
    ...Object.values(node.states).flatMap((child) => [...invokesOf(child)]),
  ]);
}
