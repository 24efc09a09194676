import { isStoreError } from '../errors.ts';
import { encodeVolumeConfig, type VolumeConfig } from '../format/volume-config.ts';
import { volumeConfigKey } from '../layout.ts';
import { readVolumeConfig } from '../read-config.ts';
import { putProven, putThenProve, vanished, type HeldStore } from './held-store.ts';
import type { CreateBackupOptions } from './types.ts';

// Two backups of one volume may end at the same time; each repeats only when the other has just written.
const MAX_RACES = 20;

/** A `volume.cfg` that was read. */
export interface ReadVolume {
  readonly config: VolumeConfig;
  readonly etag?: string;
}

/** Reads `volume.cfg`; `undefined` when there is none. Throws `Corrupt`, or the store's error. */
export async function readVolume(
  { store, signal }: Pick<HeldStore, 'store' | 'signal'>,
  volume: string,
): Promise<ReadVolume | undefined> {
  try {
    const { config, etag } = await readVolumeConfig(store, volume, { signal });
    return { config: withDefaults(config), ...(etag !== undefined && { etag }) };
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** What `volume.cfg` says before the first backup of a volume. */
function firstVolume({ lock }: HeldStore, options: CreateBackupOptions): VolumeConfig {
  const { volume, source, labels, compression = 'lz4' } = options;
  return {
    name: volume.name,
    size: String(source.sizeBytes),
    labels: labels ?? null,
    createdTime: goTime(lock.storeNowMs()),
    ...{ lastBackupName: '', lastBackupAt: '', blockCount: '0' },
    backingImageName: volume.backingImageName ?? '',
    backingImageChecksum: volume.backingImageChecksum ?? '',
    compressionMethod: compression,
    storageClassName: volume.storageClassName ?? '',
    dataEngine: volume.dataEngine ?? 'v1',
  };
}

/** A first `volume.cfg` that was written. */
export interface FirstVolume {
  readonly config: VolumeConfig;
  /** Ends when it was looked at. Throws when it is not there, or says other than `config`. */
  readonly proven: Promise<unknown>;
}

/**
 * Writes the first `volume.cfg` of a volume; another writer's that comes first is taken. Ends as soon as the store has accepted
 * it, where that says that nobody's was there. Throws `LockLost`, the store's error.
 */
export async function writeFirstVolume(held: HeldStore, options: CreateBackupOptions): Promise<FirstVolume> {
  const config = firstVolume(held, options);
  const key = volumeConfigKey(config.name);
  try {
    const { prove } = await putThenProve(held, { key, body: encodeVolumeConfig(config), ifAbsent: true });
    if (held.store.capabilities.conditionalPut) return { config, proven: proveOrReplaced(held, config, prove) };
    if ((await prove()) !== undefined) return { config, proven: Promise.resolve() };
  } catch (error) {
    if (!isStoreError(error, 'AlreadyExists')) throw error;
  }
  const other = await readVolume(held, config.name);
  if (other === undefined) throw vanished(key);
  return { config: other.config, proven: Promise.resolve() };
}

// Replaced by a backup that has ended meanwhile, which keeps what this one goes by.
async function proveOrReplaced(
  held: HeldStore,
  { name, compressionMethod }: VolumeConfig,
  prove: () => Promise<unknown>,
): Promise<void> {
  if ((await prove()) !== undefined) return;
  const other = await readVolume(held, name);
  if (other?.config.compressionMethod !== compressionMethod) throw vanished(volumeConfigKey(name));
}

/** What a completed backup changes in `volume.cfg`. */
export interface VolumeChange {
  readonly lastBackupName: string;
  readonly lastBackupAt: string;
  /** The new number of blocks from the one that stands there. */
  readonly blockCount: (before: number) => number;
  /** The file, if it has just been read; only where the store can replace a version, for it may have changed since. */
  readonly current?: ReadVolume;
}

/**
 * Notes a completed backup in `volume.cfg`, read for it late; where the store can, only in the version that was read.
 * A file that is gone is written again. Throws `LockLost`, or the store's error.
 */
export async function finishVolume(held: HeldStore, options: CreateBackupOptions, change: VolumeChange): Promise<void> {
  const key = volumeConfigKey(options.volume.name);
  for (let races = 0; ; races++) {
    const read = (races === 0 ? change.current : undefined) ?? (await readVolume(held, options.volume.name));
    const body = encodeVolumeConfig(changed(read?.config ?? firstVolume(held, options), options, change));
    try {
      // Replaced by now: by another backup, which has read it.
      await putProven(held, { key, body, ifMatch: read?.etag, ifAbsent: read === undefined });
      return;
    } catch (error) {
      if (!isStoreError(error, 'AlreadyExists') || races === MAX_RACES) throw error;
    }
  }
}

function changed(before: VolumeConfig, options: CreateBackupOptions, change: VolumeChange): VolumeConfig {
  const { volume, source, labels } = options;
  return {
    ...before,
    size: String(source.sizeBytes),
    labels: labels ?? null,
    lastBackupName: change.lastBackupName,
    lastBackupAt: change.lastBackupAt,
    blockCount: String(change.blockCount(Number(before.blockCount))),
    backingImageName: volume.backingImageName ?? '',
    backingImageChecksum: volume.backingImageChecksum ?? '',
    storageClassName: volume.storageClassName ?? '',
  };
}

/** A time as Longhorn writes it: RFC 3339, UTC, whole seconds. */
export function goTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

// As Longhorn reads files of older releases.
function withDefaults(config: VolumeConfig): VolumeConfig {
  const { compressionMethod, dataEngine } = config;
  return {
    ...config,
    compressionMethod: compressionMethod === '' ? 'gzip' : compressionMethod,
    dataEngine: dataEngine === '' ? 'v1' : dataEngine,
  };
}
