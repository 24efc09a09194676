/** What has to be undone, last done first. */
export interface Teardown {
  push(what: string, undo: () => Promise<void> | void): void;
  /** Undoes everything once; later calls wait for the first. Errors are collected, none keeps the rest from being undone. */
  run(): Promise<void>;
}

/** Creates an empty list of things to undo. */
export function createTeardown(say: (line: string) => void): Teardown {
  const steps: { what: string; undo: () => Promise<void> | void }[] = [];
  let running: Promise<void> | undefined;
  const undoAll = async () => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const { what, undo } = step;
      try {
        await undo();
      } catch (error) {
        say(`failed to stop '${what}': ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  return {
    push: (what, undo) => {
      steps.push({ what, undo });
    },
    run: () => (running ??= undoAll()),
  };
}
