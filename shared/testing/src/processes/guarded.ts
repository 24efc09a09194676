import { join } from 'node:path';
import { startOnce, type ProcessSpec, type RunningProcess } from './process-spec.ts';
import { startWatchdog } from './watchdog.ts';

/**
 * Starts one process with its logs (`<root>/logs`) and pid file (`<root>/run`) below `root`, and a watchdog that ends it
 * when this process dies in any way. Not started again when it dies.
 */
export async function startGuarded(root: string, spec: ProcessSpec): Promise<RunningProcess> {
  const watchdog = startWatchdog();
  try {
    const running = await startOnce({ logFolder: join(root, 'logs'), runFolder: join(root, 'run'), watchdog })(spec);
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
