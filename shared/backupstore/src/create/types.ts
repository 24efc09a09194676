import type { SnapshotReader } from '@mooring/datapath';
import type { BackupHead } from '../format/backup-config.ts';
import type { CompressionMethod } from '../format/compression.ts';
import type { LockWait } from '../locks/types.ts';
import type { ObjectStore } from '../store.ts';
import type { StoreClock } from '../wrappers/invoke.ts';

/** Full sends every block again; incremental only what the store has not. */
export type BackupMode = 'full' | 'incremental';

/** The volume that is backed up; all but the name goes into `volume.cfg`. */
export interface BackedUpVolume {
  readonly name: string;
  readonly backingImageName?: string | undefined;
  readonly backingImageChecksum?: string | undefined;
  readonly storageClassName?: string | undefined;
  /** `v1` (default) or `v2`; only the first backup of a volume decides. */
  readonly dataEngine?: string | undefined;
}

/** The snapshot that is backed up. */
export interface BackedUpSnapshot {
  readonly name: string;
  /** RFC 3339, e.g. `2026-01-02T03:04:05Z`. */
  readonly createdAt: string;
}

/** How far a backup is. */
export interface BackupProgress {
  /** Bytes of the volume read and, where needed, written. */
  readonly bytesDone: number;
  /** Bytes of the volume that have to be read. */
  readonly bytesTotal: number;
  /** 0 to 99; 100 only when the backup is complete in the store. */
  readonly percent: number;
}

/** What a backup is made with. */
export interface CreateBackupOptions {
  readonly store: ObjectStore;
  /** Opened and closed by the caller; its size MUST be a multiple of the block size. */
  readonly source: SnapshotReader;
  readonly volume: BackedUpVolume;
  /** Name of the backup. */
  readonly backup: string;
  readonly snapshot: BackedUpSnapshot;
  /** Default incremental where there is a base to build on. What is given here is also written into `Parameters`. */
  readonly mode?: BackupMode | undefined;
  /** For the first backup of a volume, default lz4; later ones use what `volume.cfg` says. */
  readonly compression?: CompressionMethod | undefined;
  /** Default 2 MiB. */
  readonly blockSizeBytes?: number | undefined;
  /** Labels of the backup, and of the volume from now on. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Added to `Parameters`, beside `backup-block-size` and `backup-mode`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Blocks written at once, 1 to 256; default 2 (the setting `backup-concurrent-limit`). */
  readonly concurrency?: number | undefined;
  /** Checksums of blocks known to be corrupt: where the snapshot still has them, they are written again. */
  readonly corruptBlocks?: readonly string[] | undefined;
  /**
   * What an earlier run of this very backup has saved by `saveInProgress`; without it, an in-progress config of this name
   * counts as another writer's.
   */
  readonly inProgress?: string | undefined;
  /** Saves, so that it outlives this process, what tells the in-progress config as ours. Its failure fails the backup. */
  readonly saveInProgress?: ((mark: string) => Promise<void>) | undefined;
  /** A clean pause: the backup ends with `Cancelled`, and goes on where it was when it is made again. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: StoreClock | undefined;
  readonly log?: ((message: string) => void) | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
  /** Told why the store's lock is waited for. */
  readonly onWaiting?: ((wait: LockWait) => void) | undefined;
}

/** A backup that is complete in the store. */
export interface CreateBackupResult {
  /** `created` by this run (whatever an earlier one did), or `adopted`: it was there, of the same volume and snapshot. */
  readonly outcome: 'created' | 'adopted';
  readonly config: BackupHead;
  /** Block objects that this backup added. */
  readonly newBlocks: number;
}
