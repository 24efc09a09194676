import { readBackingImageConfig } from '../read-config.ts';
import {
  BACKING_IMAGE_BLOCKS_PREFIX,
  BACKING_IMAGES_ROOT,
  backingImageBlockKey,
  backingImageConfigKey,
} from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes, type LockOptions } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { listBackingImages } from '../scan/other-lists.ts';
import type { ObjectStore } from '../store.ts';
import { assertChecksums } from '../stream-backup.ts';
import type { BlockPool } from './block-pool.ts';
import { ABANDONED_AFTER_MS, sweepPool } from './sweep-pool.ts';
import type { RemoveOptions, SweepResult } from './types.ts';

/** Which backing image to remove. */
export interface RemoveBackingImageOptions extends RemoveOptions {
  /** One that is not there is no error: then it only sweeps. */
  readonly name: string;
}

/**
 * Removes a backing image's backup and the blocks of the shared pool that no other one refers to, as `removeBackup`, and what killed
 * writes have left among the backing images over a day ago. Throws `LockLost`, `Cancelled`, or the store's error.
 */
export async function removeBackingImage(options: RemoveBackingImageOptions): Promise<SweepResult> {
  const { store, name, signal: cancelled } = options;
  const lockOptions: LockOptions = { ...options, backingImages: true, type: lockTypes.deletion };
  return await withLock(lockOptions, async (lock) => {
    using stop = linkSignals(`remove backing image '${name}'`, { cancelled, lost: lock.lost });
    const { signal } = stop;
    lock.assertHeld();
    await store.delete([backingImageConfigKey(name)], { signal });
    const result = await sweepPool(backingImagePool(store), {
      store,
      lock,
      lockOptions,
      removed: backingImageConfigKey(name),
      signal,
      log: options.log ?? (() => undefined),
      onConfigs: async () => Promise.resolve(),
    });
    // The pool is never removed as a whole, as a volume's folder is; so this is the only time.
    const writtenBeforeMs = lock.storeNowMs() - ABANDONED_AFTER_MS;
    await store.sweepLeftovers?.(BACKING_IMAGES_ROOT, { signal, writtenBeforeMs });
    return result;
  });
}

function backingImagePool(store: ObjectStore): BlockPool {
  return {
    noun: 'backing image',
    blocksPrefix: BACKING_IMAGE_BLOCKS_PREFIX,
    keyOf: backingImageBlockKey,
    list: async (signal) => {
      const { items } = await listBackingImages(store, { signal });
      return items.map((item) => ({ ...item, key: backingImageConfigKey(item.name) }));
    },
    read: async ({ name, key }, { signal, onBlocks }) => {
      const { config } = await readBackingImageConfig(store, name, { signal });
      assertChecksums(key, config.blocks);
      onBlocks(config.blocks);
      return { isComplete: config.completeTime !== '', snapshotCreatedAt: '' };
    },
  };
}
