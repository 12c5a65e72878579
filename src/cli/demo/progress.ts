/** Shows the demo's acts as they go on: a live list on a terminal, lines elsewhere. The only file that knows listr2. */
import { type DefaultRenderer, Listr, type ListrTask, PRESET_TIMER, type SimpleRenderer } from 'listr2';

/** Tells where an act stands. */
export type Report = (line: string) => void;

export interface Act {
  readonly title: string;
  /** A list of its own, played all at once; one that throws does not stop the others. */
  readonly scenes?: () => readonly Scene[];
  /** @throws ends the show */
  readonly run?: (report: Report) => Promise<void>;
}

export interface Scene {
  readonly title: string;
  /** @throws is shown as failed */
  readonly run: (report: Report) => Promise<void>;
}

/**
 * Runs the acts one after the other.
 * @throws what an act threw
 */
export async function perform(acts: readonly Act[], options: { readonly silent: boolean }): Promise<void> {
  const list = new Listr(acts.map(actTask), {
    renderer: 'default',
    fallbackRenderer: 'simple',
    silentRendererCondition: options.silent,
    // Ctrl-C is the stack's business: listr2 would end the process with everything still running.
    registerSignalListeners: false,
    rendererOptions: { collapseSubtasks: false, collapseErrors: false, timer: PRESET_TIMER },
    fallbackRendererOptions: { timer: PRESET_TIMER },
  });
  await list.run();
}

type Task = ListrTask<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

function actTask({ title, scenes, run }: Act): Task {
  return {
    title,
    rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
    task: async (_context, task) => {
      await run?.((line) => void (task.output = line));
      if (scenes) return task.newListr(scenes().map(sceneTask), { concurrent: true, exitOnError: false });
      return undefined;
    },
  };
}

function sceneTask({ title, run }: Scene): Task {
  return {
    title,
    // In the title, since a line of its own each would not fit a terminal.
    task: (_context, task) => run((line) => void (task.title = `${title}: ${line}`)),
  };
}
