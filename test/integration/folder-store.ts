import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { backupConfigKey, encodeBackupConfig, encodeVolumeConfig, volumeConfigKey } from '@mooring/backupstore';
import { temporaryFolder } from '@mooring/testing';

/** The volumes of the fixture store. */
export const FIXTURE_VOLUMES = ['pvc-16m', 'pvc-gzip', 'pvc-lz4', 'pvc-none', 'pvc-sf'];

/** What a generated backup config says; the rest is as a completed backup's. */
export interface BackupInStore {
  readonly volume: string;
  readonly backup: string;
  readonly createdTime?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What a generated `volume.cfg` says; the rest is as any volume's. */
export interface VolumeChange {
  readonly lastBackupName?: string;
  readonly size?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A store in a folder, written as Longhorn would. */
export class FolderStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** An empty one. */
  static async create(): Promise<FolderStore> {
    return new FolderStore(await temporaryFolder('store'));
  }

  /** A copy of the store that real Longhorn wrote: volumes pvc-16m, pvc-gzip, pvc-lz4, pvc-none, pvc-sf, two backing images, one system backup. */
  static async fixture(): Promise<FolderStore> {
    const store = await FolderStore.create();
    await cp(join(import.meta.dirname, '../fixtures/longhorn-store/store'), store.folder, {
      recursive: true,
      preserveTimestamps: true,
    });
    return store;
  }

  get url(): string {
    return `vfs://${this.folder}`;
  }

  async write(key: string, body: string | Buffer): Promise<void> {
    const path = join(this.folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  }

  async remove(key: string): Promise<void> {
    await rm(join(this.folder, key), { recursive: true });
  }

  async volume(name: string, change: VolumeChange = {}): Promise<void> {
    await this.write(volumeConfigKey(name), volumeConfigBody(name, change));
  }

  async backup(what: BackupInStore): Promise<void> {
    await this.write(backupConfigKey(what.volume, what.backup), backupConfigBody(what));
  }
}

/** The bytes of a `volume.cfg`. */
export function volumeConfigBody(name: string, change: VolumeChange = {}): Buffer {
  return encodeVolumeConfig({
    name,
    size: '1073741824',
    labels: null,
    createdTime: '2026-01-01T00:00:00Z',
    lastBackupName: '',
    lastBackupAt: '2026-01-02T00:00:00Z',
    blockCount: '3',
    backingImageName: '',
    backingImageChecksum: '',
    compressionMethod: 'lz4',
    storageClassName: 'longhorn',
    dataEngine: 'v1',
    ...change,
  });
}

/** The bytes of a backup config. */
export function backupConfigBody({ volume, backup, createdTime, labels, parameters }: BackupInStore): Buffer {
  return encodeBackupConfig({
    name: backup,
    volumeName: volume,
    snapshotName: `snap-${backup}`.slice(0, 60),
    snapshotCreatedAt: '2026-01-02T00:00:00Z',
    createdTime: createdTime ?? '2026-01-02T00:01:00Z',
    size: '6291456',
    labels: labels ?? null,
    parameters: parameters ?? null,
    isIncremental: false,
    compressionMethod: 'lz4',
    newlyUploadedDataSize: '4096',
    reUploadedDataSize: '0',
    processingBlocks: '{}',
    blocks: [{ offset: 0, checksum: 'a'.repeat(64) }],
    singleFilePath: '',
  });
}
