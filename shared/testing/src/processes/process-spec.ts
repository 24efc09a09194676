import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { lastLines, startChild, type Child } from './child.ts';
import type { Watchdog } from './watchdog.ts';

/** A program, how to start it and how to see that it works: enough to start it again after it died. */
export interface ProcessSpec {
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment; default: this process's. */
  env?: NodeJS.ProcessEnv;
  /** True once it does its work; an exception counts as not yet. */
  isReady: () => Promise<boolean>;
  /** How long it may take until it is ready. */
  readyTimeoutMs: number;
  /** Time between SIGTERM and SIGKILL. */
  graceMs: number;
}

/** Where a run keeps its log and pid files, and what ends its processes should it die. */
export interface ProcessSurroundings {
  logFolder: string;
  runFolder: string;
  watchdog: Watchdog;
}

/** Starts a process from its spec and decides what happens when it dies. */
export type ProcessStarter = (spec: ProcessSpec) => Promise<RunningProcess>;

/** A started process. */
export interface RunningProcess {
  name: string;
  /** The pid now; another one after a restart. */
  pid(): number;
  /** Stops it for good. Idempotent. */
  stop(): Promise<void>;
}

/** Lines of its log that the error shows when a process ends before it is ready. */
const SHOWN_LINES = 8;

/** Starts the process; the child is returned at once, `ready` settles when it is ready or has failed. */
export async function launch(
  spec: ProcessSpec,
  surroundings: ProcessSurroundings,
): Promise<{ child: Child; ready: Promise<void> }> {
  const child = await startChild({
    name: spec.name,
    command: spec.command,
    args: spec.args,
    ...(spec.env === undefined ? {} : { env: spec.env }),
    logFile: join(surroundings.logFolder, `${spec.name}.log`),
    runFolder: surroundings.runFolder,
    watchdog: surroundings.watchdog,
  });
  const fail = (cause: string) =>
    new Error(
      `failed to start '${spec.name}': ${cause}; its log is '${child.logFile}', which ends with:\n` +
        lastLines(child.logFile, SHOWN_LINES),
    );
  let hasEnded = false;
  const endsEarly = child.exited.then(({ code, signal }) => {
    hasEnded = true;
    throw fail(`it ended with ${signal ?? `code ${String(code)}`}`);
  });
  endsEarly.catch(() => undefined);
  const isReady = async () => hasEnded || (await spec.isReady().catch(() => false));
  const becomesReady = eventually(isReady, { timeoutMs: spec.readyTimeoutMs, intervalMs: 50 }).catch(() => {
    throw fail(`it was not ready within ${String(spec.readyTimeoutMs)} ms`);
  });
  return { child, ready: Promise.race([becomesReady.then(() => (hasEnded ? endsEarly : undefined)), endsEarly]) };
}

/** A starter that starts once and does nothing when the process dies: for tests. */
export function startOnce(surroundings: ProcessSurroundings): ProcessStarter {
  return async (spec) => {
    const { child, ready } = await launch(spec, surroundings);
    try {
      await ready;
    } catch (error) {
      await child.stop(spec.graceMs);
      throw error;
    }
    return {
      name: spec.name,
      pid: () => child.pid,
      stop: async () => {
        await child.stop(spec.graceMs);
      },
    };
  };
}
