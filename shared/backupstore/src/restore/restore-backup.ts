import { Progress } from '../create/progress.ts';
import { withLock } from '../locks/with-lock.ts';
import { lockTypes } from '../locks/types.ts';
import { blockKeyBelow, blocksPrefix } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import type { BlockReference } from '../format/fields.ts';
import { blocksOf, groupBlocks, openBackup } from './backup-blocks.ts';
import { PlaceMap } from './place-map.ts';
import { concurrencyOf, type RestoreOptions, type RestoreResult } from './types.ts';
import { writeBlocks } from './write-blocks.ts';

/**
 * Restores a backup whole (backupstore-format §6): every block is proven by its checksum, what the backup does not list reads as
 * zeros. Under a lock of type 1. Throws `NotFound`, `BackupInProgress`, `DestinationTooSmall`, `BlockMissing`, `Corrupt`
 * (both with the block's key, at once), `LockLost`, `Cancelled`, the store's or the destination's error.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreResult> {
  const { volume, destination } = options;
  try {
    return await withLock({ ...options, type: lockTypes.restore }, async (lock) => {
      using stop = linkSignals(`restore volume '${volume}'`, { cancelled: options.signal, lost: lock.lost });
      const result = await restoreAll(options, stop.signal);
      lock.assertHeld();
      await destination.commit();
      return result;
    });
  } catch (error) {
    await destination.abort();
    throw error;
  }
}

async function restoreAll(options: RestoreOptions, signal: AbortSignal): Promise<RestoreResult> {
  const { store, volume, destination, resume = false, onProgress } = options;
  const backup = await openBackup(store, options, signal);
  const { key, blockBytes } = backup;
  const places = new PlaceMap({ key, blockBytes, sizeBytes: destination.sizeBytes });
  const progress = new Progress(Number(backup.head.size), onProgress);
  const prefix = blocksPrefix(volume);
  const result = await writeBlocks({
    store,
    destination,
    groups: groupBlocks(placed(blocksOf(store, backup, signal), places), backup.maxBlocks),
    keyOf: (checksum) => blockKeyBelow(prefix, checksum),
    compression: backup.compression,
    lengthAt: () => blockBytes,
    concurrency: concurrencyOf(options.concurrency),
    resume,
    signal,
    onBytes: progress.add,
  });
  // What lies between the blocks may be left from anything.
  if (resume) for (const { offset, length } of places.gaps()) await destination.punchHole(offset, length);
  return result;
}

async function* placed(blocks: AsyncIterable<BlockReference>, places: PlaceMap): AsyncGenerator<BlockReference> {
  for await (const block of blocks) {
    places.take(block);
    yield block;
  }
}
