import { isStoreError, StoreError } from '../errors.ts';
import { backupsPrefix, locksPrefix, volumeConfigKey, volumePrefix } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { listPages } from '../scan/list-all.ts';
import { KeyRemover } from './key-remover.ts';
import type { ObjectStore } from '../store.ts';
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
    try {
      for (const prefix of [backupsPrefix(volume), volumePrefix(volume)]) {
        for await (const key of contentBelow(store, { volume, prefix, signal })) await remover.add(key);
        await remover.end();
      }
      for await (const key of contentBelow(store, { volume, prefix: volumePrefix(volume), signal })) {
        throw new StoreError('Unavailable', {
          action: `delete object '${key}'`,
          detail: 'it is still there after it was deleted',
          key,
        });
      }
      await remover.add(volumeConfigKey(volume));
      await remover.end();
    } catch (error) {
      await remover.stop();
      throw error;
    }
    await removeOtherLocks(store, { volume, own: lock.key, signal });
    await store.sweepLeftovers?.(volumePrefix(volume), { signal });
    return { objectsRemoved: remover.removed };
  });
}

// Everything but `volume.cfg` and the locks.
async function* contentBelow(
  store: ObjectStore,
  { volume, prefix, signal }: { readonly volume: string; readonly prefix: string; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  for await (const page of listPages(store, { prefix, signal })) {
    for (const { key } of page.objects) {
      if (key !== volumeConfigKey(volume) && !key.startsWith(locksPrefix(volume))) yield key;
    }
  }
}

// Our own goes when it is released.
async function removeOtherLocks(
  store: ObjectStore,
  { volume, own, signal }: { readonly volume: string; readonly own: string; readonly signal: AbortSignal },
): Promise<void> {
  const keys: string[] = [];
  for await (const page of listPages(store, { prefix: locksPrefix(volume), signal })) {
    keys.push(...page.objects.map(({ key }) => key).filter((key) => key !== own));
  }
  if (keys.length > 0) await store.delete(keys, { signal });
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
