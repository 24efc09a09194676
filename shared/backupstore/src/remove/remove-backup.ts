import { isStoreError } from '../errors.ts';
import type { VolumeConfig } from '../format/volume-config.ts';
import { encodeVolumeConfig } from '../format/volume-config.ts';
import { backupConfigKey, backupFileKey, volumeConfigKey } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes, type HeldLock, type LockOptions } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { readVolumeConfig } from '../read-config.ts';
import type { ObjectStore } from '../store.ts';
import { decideLastBackup } from './decide-last-backup.ts';
import type { ReadPoolConfig } from './mark-blocks.ts';
import { sweepPool } from './sweep-pool.ts';
import type { RemoveOptions, SweepResult } from './types.ts';
import { volumePool } from './volume-pool.ts';

/** Which backup to remove. */
export interface RemoveBackupOptions extends RemoveOptions {
  readonly volume: string;
  /** One that is not there is no error: then it only sweeps. */
  readonly backup: string;
}

/**
 * Removes a backup and the blocks that only it used (backupstore-format §5): its config first, under a lock of type 2, then a
 * {@link sweepPool} over the volume. May be repeated after any failure. Throws `NotFound` when there is no such volume (nothing
 * is written then), `Corrupt` when its `volume.cfg` is unreadable (likewise), `LockLost`, `Cancelled`, or the store's error.
 */
export async function removeBackup(options: RemoveBackupOptions): Promise<SweepResult> {
  const { store, volume, backup, signal: cancelled } = options;
  await readVolumeConfig(store, volume, cancelled === undefined ? {} : { signal: cancelled });
  const lockOptions: LockOptions = { ...options, type: lockTypes.deletion };
  return await withLock(lockOptions, async (lock) => {
    using stop = linkSignals(`remove backup '${backup}'`, { cancelled, lost: lock.lost });
    const { signal } = stop;
    const file = new VolumeConfigFile({ store, volume, lock, signal });
    // One after the other: a config without its file could be restored from.
    for (const key of [backupConfigKey(volume, backup), backupFileKey(volume, backup)]) {
      lock.assertHeld();
      await store.delete([key], { signal });
    }
    const result = await sweepPool(volumePool(store, volume), {
      store,
      lock,
      lockOptions,
      removed: backupConfigKey(volume, backup),
      signal,
      log: options.log ?? (() => undefined),
      onConfigs: async (configs) => {
        await file.update((config) => lastAfter(config, configs));
      },
    });
    if (result.skipped === undefined) await file.update(() => ({ blockCount: String(result.blocksKept) }));
    return result;
  });
}

// Only where the last one is gone: a volume that names an older one goes on doing so, as with Longhorn.
function lastAfter(config: VolumeConfig, configs: readonly ReadPoolConfig[]): Partial<VolumeConfig> {
  const isThere = configs.some(({ name }) => name === config.lastBackupName);
  return isThere || config.lastBackupName === ''
    ? {}
    : decideLastBackup(configs.filter(({ isComplete }) => isComplete));
}

// Another deletion of the volume may write it at the same moment; each try sees one more write of it.
const MAX_TRIES = 5;

interface VolumeConfigFileOptions {
  readonly store: ObjectStore;
  readonly volume: string;
  readonly lock: HeldLock;
  readonly signal: AbortSignal;
}

/** `volume.cfg`, written under the lock when something in it changes. */
class VolumeConfigFile {
  readonly #options: VolumeConfigFileOptions;

  constructor(options: VolumeConfigFileOptions) {
    this.#options = options;
  }

  /**
   * Reads it and writes it with the change that `decide` wants. Where the store can, only over what was read. Throws the
   * store's error.
   */
  async update(decide: (config: VolumeConfig) => Partial<VolumeConfig>): Promise<void> {
    const { store, volume, signal } = this.#options;
    for (let tries = 1; ; tries++) {
      const { config, etag } = await readVolumeConfig(store, volume, { signal });
      const body = encodeVolumeConfig({ ...config, ...decide(config) });
      if (body.equals(encodeVolumeConfig(config))) return;
      try {
        await this.#put(body, etag);
        return;
      } catch (error) {
        if (!isStoreError(error, 'AlreadyExists') || tries === MAX_TRIES) throw error;
      }
    }
  }

  async #put(body: Buffer, etag: string | undefined): Promise<void> {
    const { store, volume, lock, signal } = this.#options;
    const isConditional = store.capabilities.conditionalReplace && etag !== undefined;
    lock.assertHeld();
    await store.put({ key: volumeConfigKey(volume), body, signal, ...(isConditional && { ifMatch: etag }) });
  }
}
