/** Notices a server that takes questions and never answers: nothing comes back, and a fresh connection gets nothing either. */

export interface SilenceWatch {
  /** Follows one question, until it is settled either way. */
  follow<T>(question: Promise<T>): Promise<T>;
  /** Something came back, whatever it was. */
  heard(): void;
  stop(): void;
}

export interface SilenceWatchOptions {
  /** After so long without any answer, somebody looks. */
  readonly silentMs: number;
  /** Asks on a connection of its own. @returns whether the server is there */
  readonly probe: () => Promise<boolean>;
  /** Called once: the server is silent. The watch has ended then. */
  readonly onSilent: () => void;
  readonly monotonicMs: () => number;
}

/** A single slow statement is no silence: only when the probe fails too is the server given up. */
export function silenceWatch(options: SilenceWatchOptions): SilenceWatch {
  const { silentMs, probe, onSilent, monotonicMs } = options;
  let open = 0;
  let heardAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const arm = (): void => {
    const inMs = Math.max(0, heardAtMs + silentMs - monotonicMs());
    timer = setTimeout(() => void look(), inMs).unref();
  };
  // While somebody looks the timer stays set, so that nobody else does.
  const look = async (): Promise<void> => {
    const lookedAtMs = monotonicMs();
    const isThere = open === 0 || lookedAtMs - heardAtMs < silentMs || (await probe());
    if (stopped) return;
    // Somebody may have been answered while the probe was under way.
    if (!isThere && heardAtMs <= lookedAtMs) {
      stopped = true;
      return onSilent();
    }
    if (isThere && lookedAtMs - heardAtMs >= silentMs) heardAtMs = lookedAtMs;
    timer = undefined;
    if (open > 0) arm();
  };

  return {
    async follow(question) {
      open += 1;
      if (open === 1) heardAtMs = monotonicMs();
      if (!timer && !stopped) arm();
      try {
        return await question;
      } finally {
        open -= 1;
        heardAtMs = monotonicMs();
      }
    },
    heard: () => void (heardAtMs = monotonicMs()),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
