/** From the actions that XState emits to what the runtime has to do: effects, timers, messages. */
import type { AnyStateNode } from 'xstate';
import { assertActorId } from '../actor-id.ts';
import { isRecord, plainJson } from '../plain-json.ts';
import type { ActorEvent, Json } from '../ports.ts';
import { actionKeys } from './keys.ts';

/** What a transition asks the runtime to do, in the order XState gave it. */
export type MachineAction =
  | {
      readonly type: 'arm';
      readonly invoke: string;
      readonly src: string;
      readonly input: Json;
      readonly timeoutMs: number;
    }
  | { readonly type: 'disarm'; readonly invoke: string }
  | { readonly type: 'setTimer'; readonly id: string; readonly event: ActorEvent; readonly delayMs: number }
  | { readonly type: 'cancelTimer'; readonly id: string }
  | { readonly type: 'tell'; readonly machine: string; readonly id: string; readonly event: ActorEvent };

/** An action as XState hands it over. */
export interface EmittedAction {
  readonly type: string;
  readonly params: unknown;
}

/**
 * @param nodes the states that are active after the transition
 * @param known ids of all invokes of the machine
 * @returns none or one
 * @throws for an action that could not be done again after a crash
 */
export function toActions(
  action: EmittedAction,
  nodes: readonly AnyStateNode[],
  known: ReadonlySet<string>,
): MachineAction[] {
  const params = isRecord(action.params) ? action.params : {};
  switch (action.type) {
    case actionKeys.spawn:
      return [arm(params, nodes, known)];
    // Stopping an effect that was armed before this step carries no reference: `invokes` tells that one.
    case actionKeys.stop:
      return typeof params['id'] === 'string' ? [{ type: 'disarm', invoke: params['id'] }] : [];
    case actionKeys.raise:
      // Without a delay XState has already taken the event in this very step.
      return typeof params['delay'] === 'number' ? [setTimer(params, params['delay'])] : [];
    case actionKeys.cancel:
      return [{ type: 'cancelTimer', id: String(params['sendId']) }];
    case 'tell':
      return [tell(params)];
    // XState does these itself.
    case actionKeys.assign:
    case actionKeys.enqueue:
    case actionKeys.log:
      return [];
    default:
      throw new Error(`a durable machine cannot run the action ${action.type}: use effects, timers and tell`);
  }
}

type Params = Readonly<Record<string, unknown>>;

const defaultTimeoutMs = 10_000;

function arm(params: Params, nodes: readonly AnyStateNode[], known: ReadonlySet<string>): MachineAction {
  const { id, src } = params;
  if (typeof id !== 'string' || typeof src !== 'string') throw new Error('invoke effects by name');
  if (!known.has(id)) throw new Error(`${src} is spawned by an action: invoke it`);
  const owner = nodes.find((node) => node.invoke.some((invoke) => invoke.id === id));
  const timeoutMs: unknown = isRecord(owner?.meta) ? owner.meta['timeoutMs'] : undefined;
  return {
    type: 'arm',
    invoke: id,
    src,
    input: plainJson(params['input'] ?? null),
    timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : defaultTimeoutMs,
  };
}

function setTimer(params: Params, delayMs: number): MachineAction {
  const event = toEvent(params['event']);
  return { type: 'setTimer', id: typeof params['id'] === 'string' ? params['id'] : event.type, event, delayMs };
}

function tell(params: Params): MachineAction {
  const { machine, id } = params;
  if (typeof machine !== 'string' || typeof id !== 'string') throw new Error('tell needs a machine and an id');
  assertActorId(id);
  return { type: 'tell', machine, id, event: toEvent(params['event']) };
}

function toEvent(value: unknown): ActorEvent {
  const event = plainJson(value);
  if (!isEvent(event)) throw new Error('an event is JSON with a type');
  return event;
}

function isEvent(value: Json): value is ActorEvent {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
