import { join } from 'node:path';
import { startOnce, type ProcessSpec, type RunningProcess } from './process-spec.ts';
import { startWatchdog } from './watchdog.ts';

/**
 * Starts one process with its logs (`<root>/logs`) and pid file (`<root>/run`) below `root`, and a watchdog that ends it
 * when this process dies in any way. Not started again when it dies.
 */
export async function startGuarded(root: string, spec: ProcessSpec): Promise<RunningProcess> {
  const runFolder = join(root, 'run');
  const watchdog = await startWatchdog(runFolder);
  try {
    const running = await startOnce({ logFolder: join(root, 'logs'), runFolder })(spec);
    return {
      ...running,
      stop: async () => {
        await running.stop();
        await watchdog.stop();
      },
    };
  } catch (error) {
    await watchdog.stop();
    throw error;
  }
}
