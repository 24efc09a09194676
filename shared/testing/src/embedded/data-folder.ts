import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LockHeldError, takeLock } from '../processes/process-lock.ts';
import type { ProcessSurroundings } from '../processes/process-spec.ts';
import { reapOrphans, startWatchdog } from '../processes/watchdog.ts';

/** A data folder that this process holds. */
export interface DataFolder extends ProcessSurroundings {
  /** Stands the watchdog down and gives the folder back. */
  release(): Promise<void>;
}

/** Another `npm start` uses the data folder. */
class DataFolderInUseError extends Error {}

/**
 * Takes the data folder for this process. What a dead start left is cleared away and said: its lock is taken over, its
 * processes are ended. Throws when a live start has it.
 */
export async function holdDataFolder(dataDir: string, say: (line: string) => void): Promise<DataFolder> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`failed to create folder '${dataDir}': ${why}; choose another with --data-dir`, { cause });
  });
  const lock = await takeLock(join(dataDir, 'lock'), (holder) => {
    const who = holder === undefined ? 'an unknown process' : `process ${String(holder.pid)}`;
    say(`the last start on this folder (${who}) did not end properly; taking over`);
  }).catch((error: unknown) => {
    if (!(error instanceof LockHeldError)) throw error;
    throw new DataFolderInUseError(
      `failed to start in folder '${dataDir}': process ${String(error.holder.pid)} runs in it; ` +
        'stop that one, or choose another folder with --data-dir',
      { cause: error },
    );
  });
  const runFolder = join(dataDir, 'run');
  const orphans = await reapOrphans(runFolder);
  if (orphans > 0) say(`ended ${String(orphans)} processes that the last start had left behind`);
  const watchdog = startWatchdog();
  return {
    logFolder: join(dataDir, 'logs'),
    runFolder,
    watchdog,
    release: async () => {
      await watchdog.stop();
      await lock.release();
    },
  };
}
