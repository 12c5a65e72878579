/** A request to stop, by Ctrl-C or by whoever runs the process. */
import { exitCodes } from './invocation.ts';

/** A terminal's Ctrl-C goes to the whole group, and npm or a watcher may pass it on once more: that is one request. */
const echoMs = 1_000;
/** How soon a process notices that npm, which started it, is gone. */
const parentCheckMs = 500;

export interface StopSignal {
  readonly signal: AbortSignal;
  /** Resolves when the process is asked to stop. */
  readonly requested: Promise<void>;
  release(): void;
}

/**
 * Until it is released, SIGINT and SIGTERM ask to stop; a second one, more than a moment later, does not wait. Under an npm
 * script the end of npm asks too: between it and us there is a shell, which dies of a SIGTERM and passes nothing on.
 */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  let firstAtMs = Infinity;
  const requested = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (nowMs - firstAtMs > echoMs) process.exit(exitCodes.problem);
    firstAtMs = Math.min(firstAtMs, nowMs);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const parent = process.ppid;
  const underNpm = process.env['npm_lifecycle_event'] !== undefined;
  const looking = underNpm
    ? setInterval(() => process.ppid !== parent && controller.abort(), parentCheckMs)
    : undefined;
  looking?.unref();
  const release = (): void => {
    clearInterval(looking);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  return { signal: controller.signal, requested, release };
}
