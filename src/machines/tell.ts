/** How a machine speaks to another actor: it names the message, the runtime writes it in the transition's commit. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A message to the actor `id`, which is started as an instance of `machine` with input `{ id }` if it does not exist. */
export type Tell = {
  readonly machine: string;
  readonly id: string;
  readonly event: { readonly type: string; readonly [key: string]: JsonValue };
};

/**
 * The one action by which actors speak to each other: `setup({ actions: { tell } })`. It does nothing by itself; the
 * runtime finds it among a transition's actions by its name and sends its params.
 */
export function tell(_args: unknown, _message: Tell): void {}
