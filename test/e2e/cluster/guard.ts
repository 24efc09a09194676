import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isClusterUp } from './state.ts';
import type { Layout } from './layout.ts';

/** Takes the cluster down should this process die before `standDown`, even by kill -9. */
export interface ClusterGuard {
  standDown(): Promise<void>;
}

/** What the guard reads before its input ends, if all is well. */
export const STAND_DOWN = 'stand down';

/**
 * Starts the guard: a process that holds the other end of a pipe, in a session of its own. A cluster that is up already is
 * somebody's: then there is nothing to guard.
 */
export async function guardCluster(layout: Layout): Promise<ClusterGuard> {
  if (await isClusterUp(layout)) return { standDown: () => Promise.resolve() };
  const program = fileURLToPath(new URL('./down-when-orphaned.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  child.stdin.on('error', () => undefined);
  return {
    standDown: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        child.once('exit', () => {
          resolve();
        });
        child.ref();
        child.stdin.end(STAND_DOWN);
      }),
  };
}
