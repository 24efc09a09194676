import { linkSignals } from '../linked-signal.ts';
import { lockTypes } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { openBackup } from './backup-blocks.ts';
import { EarlyRestore } from './early-restore.ts';
import { restoreOpened } from './restore-opened.ts';
import type { RestoreOptions, RestoreResult } from './types.ts';

/**
 * Restores a backup whole (backupstore-format §6): every block is proven by its checksum, what the backup does not list reads as
 * zeros. Under a lock of type 1; while that is waited for, blocks are fetched already (see {@link EarlyRestore}). Throws
 * `NotFound`, `BackupInProgress`, `DestinationTooSmall`, `BlockMissing`, `Corrupt` (both with the block's key, at once),
 * `LockLost`, `Cancelled`, the store's or the destination's error.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreResult> {
  const { destination, onWaiting } = options;
  const early = new EarlyRestore(options);
  const lockOptions: Parameters<typeof withLock>[0] = {
    ...options,
    type: lockTypes.restore,
    onWaiting: (wait) => {
      // Perhaps for the deletion of this very backup.
      void early.stop();
      onWaiting?.(wait);
    },
  };
  try {
    return await withLock(lockOptions, async (lock) => {
      using stop = linkSignals(`restore volume '${options.volume}'`, { cancelled: options.signal, lost: lock.lost });
      const result = (await early.result(stop.signal)) ?? (await restoreUnderLock(options, early, stop.signal));
      lock.assertHeld();
      await destination.commit();
      return result;
    });
  } catch (error) {
    await early.stop();
    await destination.abort();
    throw error;
  }
}

async function restoreUnderLock(
  options: RestoreOptions,
  { hasWritten }: EarlyRestore,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const backup = await openBackup(options.store, options, signal);
  return await restoreOpened({ ...options, ...(hasWritten && { clear: true }) }, backup, signal);
}
