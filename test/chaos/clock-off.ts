/** Loaded before a process's own code (`--import`): its wall clock is off by CLOCK_OFF_MS. Time of no other kind is. */
const offMs = Number(process.env['CLOCK_OFF_MS'] ?? 0);

globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget: typeof Date) =>
    Reflect.construct(target, args.length === 0 ? [target.now() + offMs] : args, newTarget) as Date,
  apply: (target) => new target(target.now() + offMs).toString(),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + offMs : (Reflect.get(target, name, receiver) as unknown),
});
