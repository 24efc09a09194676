import { isStoreError } from '../errors.ts';
import { backupsPrefix, locksPrefix, volumeConfigKey, volumePrefix } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { listPages } from '../scan/list-all.ts';
import { KeyRemover } from './key-remover.ts';
import type { RemoveOptions } from './types.ts';

/** Which volume to remove. */
export interface RemoveVolumeOptions extends RemoveOptions {
  readonly volume: string;
}

/** What was removed. */
export interface RemoveVolumeResult {
  /** Objects of the volume, locks apart; 0 when there was none. */
  readonly objectsRemoved: number;
}

/**
 * Removes a volume with all its backups, under a lock of type 2: the backups' configs first, `volume.cfg` last, so that one
 * that is interrupted is still listed and can be removed again, and no config ever refers to a block that is gone. A volume
 * that is not there is no error. Throws `LockLost`, `Cancelled`, or the store's error.
 */
export async function removeVolume(options: RemoveVolumeOptions): Promise<RemoveVolumeResult> {
  const { store, volume, signal: cancelled } = options;
  if (!(await hasObjects(options))) return { objectsRemoved: 0 };
  return await withLock({ ...options, type: lockTypes.deletion }, async (lock) => {
    using stop = linkSignals(`remove volume '${volume}'`, { cancelled, lost: lock.lost });
    const { signal } = stop;
    const remover = new KeyRemover({ store, lock, signal });
    const locks = locksPrefix(volume);
    const config = volumeConfigKey(volume);
    const expired: string[] = [];
    const removeBelow = async (prefix: string): Promise<void> => {
      for await (const page of listPages(store, { prefix, signal })) {
        for (const { key } of page.objects) {
          if (key.startsWith(locks)) expired.push(key);
          else if (key !== config) await remover.add(key);
        }
      }
      await remover.end();
    };
    try {
      await removeBelow(backupsPrefix(volume));
      await removeBelow(volumePrefix(volume));
      await remover.add(config);
      await remover.end();
      // Our own goes when it is released.
      const others = expired.filter((key) => key !== lock.key);
      if (others.length > 0) await store.delete(others, { signal });
    } catch (error) {
      await remover.stop();
      throw error;
    }
    return { objectsRemoved: remover.removed };
  });
}

async function hasObjects({ store, volume, signal }: RemoveVolumeOptions): Promise<boolean> {
  try {
    const page = await store.list({
      prefix: volumePrefix(volume),
      maxKeys: 1,
      ...(signal !== undefined && { signal }),
    });
    return page.objects.length > 0 || page.continuation !== undefined;
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return false;
    throw error;
  }
}
